package packaging

import (
	"archive/zip"
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"debug/macho"
	"encoding/binary"
	"image/png"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"howett.net/plist"

	"colabtray/test/testenv"
)

const identifier = "dev.colabtray.ColabTray"

// TestBundle makes a bundle of a small program, twice, and holds it to what macOS asks
// of one.
func TestBundle(t *testing.T) {
	t.Parallel()
	testenv.DependOnTree()
	dir := t.TempDir()
	testenv.Write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() {}\n")
	testenv.Write(t, filepath.Join(dir, "resources", "en.lproj", "README.md"), "read me")
	env := []string{"GOOS=darwin", "CGO_ENABLED=0"}
	for _, arch := range []string{"amd64", "arm64"} {
		run(t, append(env, "GOARCH="+arch), "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, arch), filepath.Join(dir, "main.go"))
	}
	tool := filepath.Join(dir, "bundle")
	run(t, []string{"CGO_ENABLED=0"}, "go", "build", "-trimpath", "-o", tool, "./bundle")
	for _, app := range []string{"One.app", "Two.app"} {
		run(t, nil, "sh", "-c", `cd .. && exec "$@"`, "sh", tool, "-version", version, "-resources", filepath.Join(dir, "resources"),
			filepath.Join(dir, app), filepath.Join(dir, "amd64"), filepath.Join(dir, "arm64"))
		checkBundle(t, filepath.Join(dir, app))
	}
	run(t, nil, "diff", "--recursive", filepath.Join(dir, "One.app"), filepath.Join(dir, "Two.app"))

	// What was changed since is found.
	program := filepath.Join(dir, "One.app", "Contents", "MacOS", "colab-tray")
	content, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	fat, err := macho.NewFatFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	part := content[fat.Arches[1].Offset:][:fat.Arches[1].Size]
	part[fat.Arches[1].Section("__text").Offset] ^= 1
	if got := wrongPages(t, fat.Arches[1].File, part); len(got) != 1 {
		t.Errorf("of a program with one changed byte, the pages %v do not match the signature", got)
	}
}

// TestMacOS holds the zip for macOS, which is made without a Mac here, to the same.
func TestMacOS(t *testing.T) {
	t.Parallel()
	app := filepath.Join(unzip(t, filepath.Join(dist(t), "colab-tray-"+version+"-macos-without-tray.zip")), "Colab Tray.app")
	checkBundle(t, app)
	resources := filepath.Join(app, "Contents", "Resources")
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md", "third-party-licences.txt"} {
		if read(t, filepath.Join(resources, name)) == "" {
			t.Errorf("%s is empty", name)
		}
	}
	if !bytes.Contains([]byte(read(t, filepath.Join(app, "Contents", "MacOS", "colab-tray"))), []byte(version)) {
		t.Error("the program does not know its version")
	}
}

// unzip unpacks an archive, and returns the folder.
func unzip(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	from, err := zip.OpenReader(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer from.Close()
	for _, file := range from.File {
		content, err := fs.ReadFile(from, file.Name)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(dir, file.Name)
		testenv.Write(t, path, string(content))
		if err := os.Chmod(path, file.Mode()); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// checkBundle holds a bundle to the formats of its parts.
func checkBundle(t *testing.T, app string) {
	t.Helper()
	contents := filepath.Join(app, "Contents")
	program := filepath.Join(contents, "MacOS", "colab-tray")
	plain := filepath.Join(contents, "Info.plist")
	for path, mode := range map[string]os.FileMode{program: 0o755, plain: 0o644} {
		if info, err := os.Stat(path); err != nil || info.Mode() != mode {
			t.Errorf("%s: %v, %v", path, info, err)
		}
	}
	var info map[string]any
	decode(t, plain, &info)
	if info["NSAppleEventsUsageDescription"] == nil {
		t.Error("Info.plist does not say why the program asks Terminal for something")
	}
	for key, want := range map[string]any{
		"CFBundleExecutable":         filepath.Base(program),
		"CFBundleIdentifier":         identifier,
		"CFBundlePackageType":        "APPL",
		"CFBundleShortVersionString": "0.1.0",
		"CFBundleVersion":            "0.1.0.3",
		"LSMinimumSystemVersion":     "12.0",
		"LSUIElement":                true,
	} {
		if info[key] != want {
			t.Errorf("Info.plist has %s: %v, want %v", key, info[key], want)
		}
	}
	checkIcon(t, filepath.Join(contents, "Resources", info["CFBundleIconFile"].(string)+".icns"))
	checkSeal(t, contents)
	checkProgram(t, program, map[uint32]string{
		1: read(t, plain),
		3: read(t, filepath.Join(contents, "_CodeSignature", "CodeResources")),
	})
}

// decode reads a property list.
func decode(t *testing.T, path string, into any) {
	t.Helper()
	if format, err := plist.Unmarshal([]byte(read(t, path)), into); err != nil || format != plist.XMLFormat {
		t.Fatalf("%s: %v", path, err)
	}
}

// checkIcon holds an icon to its format: elements, each of which is a PNG of the size
// that its type says.
func checkIcon(t *testing.T, path string) {
	t.Helper()
	sizes := map[string]int{"ic11": 32, "ic12": 64, "ic07": 128, "ic13": 256, "ic08": 256, "ic14": 512, "ic09": 512}
	content := []byte(read(t, path))
	if string(content[:4]) != "icns" || int(binary.BigEndian.Uint32(content[4:])) != len(content) {
		t.Fatalf("%s begins with %q", path, content[:8])
	}
	for rest := content[8:]; len(rest) > 0; {
		kind, length := string(rest[:4]), binary.BigEndian.Uint32(rest[4:])
		picture, err := png.DecodeConfig(bytes.NewReader(rest[8:length]))
		if err != nil || picture.Width != sizes[kind] || picture.Height != sizes[kind] {
			t.Errorf("the element %s has %d × %d px, %v", kind, picture.Width, picture.Height, err)
		}
		delete(sizes, kind)
		rest = rest[length:]
	}
	if len(sizes) != 0 {
		t.Errorf("the icon has no %v", sizes)
	}
}

// checkSeal holds the list of resources to the resources that are there.
func checkSeal(t *testing.T, contents string) {
	t.Helper()
	var seal struct {
		Files  map[string][]byte         `plist:"files"`
		Files2 map[string]map[string]any `plist:"files2"`
		Rules2 map[string]any            `plist:"rules2"`
	}
	decode(t, filepath.Join(contents, "_CodeSignature", "CodeResources"), &seal)
	files, err := filepath.Glob(filepath.Join(contents, "Resources", "*"))
	if err != nil {
		t.Fatal(err)
	}
	more, _ := filepath.Glob(filepath.Join(contents, "Resources", "*", "*"))
	there := map[string]bool{}
	for _, path := range append(files, more...) {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // a folder
		}
		name, _ := filepath.Rel(contents, path)
		there[name] = true
		old, sum := sha1.Sum(content), sha256.Sum256(content)
		hash2, _ := seal.Files2[name]["hash2"].([]byte)
		if !bytes.Equal(seal.Files[name], old[:]) || !bytes.Equal(hash2, sum[:]) {
			t.Errorf("the checksum of %s is another one", name)
		}
	}
	if len(there) != len(seal.Files) || len(there) != len(seal.Files2) || seal.Rules2[`^Resources/`] == nil {
		t.Errorf("there is %v, and the list has %v", slices.Sorted(maps.Keys(there)), slices.Sorted(maps.Keys(seal.Files2)))
	}
}

// checkProgram holds a program to be one for both kinds of Macs, which run it, and whose
// signature has the checksums of its pages and of the bundle's files.
func checkProgram(t *testing.T, path string, bound map[uint32]string) {
	t.Helper()
	content := []byte(read(t, path))
	fat, err := macho.NewFatFile(bytes.NewReader(content))
	if err != nil {
		t.Fatal(err)
	}
	var kinds []macho.Cpu
	for _, arch := range fat.Arches {
		kinds = append(kinds, arch.Cpu)
		const buildVersion = 0x32 // LC_BUILD_VERSION; the oldest system follows the platform
		for _, load := range arch.Loads {
			raw := load.Raw()
			if arch.ByteOrder.Uint32(raw) == buildVersion && arch.ByteOrder.Uint32(raw[12:]) > 12<<16 {
				t.Errorf("%v needs macOS %#x", arch.Cpu, arch.ByteOrder.Uint32(raw[12:]))
			}
		}
		part := content[arch.Offset:][:arch.Size]
		if arch.Offset%(16<<10) != 0 {
			t.Errorf("%v begins at %#x", arch.Cpu, arch.Offset)
		}
		if pages := wrongPages(t, arch.File, part); len(pages) > 0 {
			t.Errorf("%v: the pages %v do not match the signature", arch.Cpu, pages)
		}
		directory := codeDirectory(t, arch.File, part)
		for slot, text := range bound {
			if sum := sha256.Sum256([]byte(text)); !bytes.Equal(directory.special(slot), sum[:]) {
				t.Errorf("%v: the signature does not cover what belongs into slot %d", arch.Cpu, slot)
			}
		}
	}
	if !slices.Equal(kinds, []macho.Cpu{macho.CpuAmd64, macho.CpuArm64}) {
		t.Errorf("it is a program for %v", kinds)
	}
}

// A directory is the CodeDirectory of a signature: where the checksums are in it. See
// cs_blobs.h of XNU.
type directory []byte

func (d directory) at(offset int) int { return int(binary.BigEndian.Uint32(d[offset:])) }

func (d directory) hash(n int) []byte { return d[d.at(16)+n*sha256.Size:][:sha256.Size] }

// special returns the checksum of something other than a page: 1 is Info.plist, 2 are
// the requirements, 3 are the resources.
func (d directory) special(slot uint32) []byte { return d.hash(-int(slot)) }

// codeDirectory returns the directory of a program's signature, which must be ad hoc and
// all that follows the program's own content.
func codeDirectory(t *testing.T, file *macho.File, content []byte) directory {
	t.Helper()
	linkedit := file.Segment("__LINKEDIT")
	var signature []byte
	for _, load := range file.Loads {
		if raw := load.Raw(); file.ByteOrder.Uint32(raw) == 0x1d { // LC_CODE_SIGNATURE
			start, size := file.ByteOrder.Uint32(raw[8:]), file.ByteOrder.Uint32(raw[12:])
			if int(start+size) != len(content) || uint64(len(content)) != linkedit.Offset+linkedit.Filesz || linkedit.Memsz < linkedit.Filesz {
				t.Errorf("the signature has %#x bytes at %#x of %#x", size, start, len(content))
			}
			signature = content[start:][:size]
		}
	}
	if signature == nil || binary.BigEndian.Uint32(signature) != 0xfade0cc0 {
		t.Fatal("it is not signed")
	}
	blobs := map[uint32]directory{} // by slot
	for i := range int(binary.BigEndian.Uint32(signature[8:])) {
		entry := signature[12+8*i:]
		blob := signature[binary.BigEndian.Uint32(entry[4:]):]
		blobs[binary.BigEndian.Uint32(entry)] = blob[:binary.BigEndian.Uint32(blob[4:])]
	}
	d, requirements := blobs[0], blobs[2]
	sum := sha256.Sum256(requirements)
	if d == nil || d.at(0) != 0xfade0c02 || d.at(12) != 2 || d[36] != sha256.Size || d[37] != 2 || d[39] != 12 {
		t.Fatalf("it is signed in another way: %x", d[:min(len(d), 48)])
	}
	if name, _, _ := bytes.Cut(d[d.at(20):], []byte{0}); string(name) != identifier {
		t.Errorf("the signature is for %q", name)
	}
	if !bytes.Equal(d.special(2), sum[:]) {
		t.Error("the requirements are not covered")
	}
	if limit := len(content) - len(signature); d.at(32) != limit || d.at(28) != (limit+4095)/4096 {
		t.Errorf("the signature covers %d pages and %#x bytes", d.at(28), d.at(32))
	}
	return d
}

// wrongPages returns the numbers of the pages whose checksum is another one.
func wrongPages(t *testing.T, file *macho.File, content []byte) (wrong []int) {
	t.Helper()
	d := codeDirectory(t, file, content)
	page := 0
	for chunk := range slices.Chunk(content[:d.at(32)], 4096) {
		if sum := sha256.Sum256(chunk); !bytes.Equal(d.hash(page), sum[:]) {
			wrong = append(wrong, page)
		}
		page++
	}
	return wrong
}
