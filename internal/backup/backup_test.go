package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"colabtray/test/testenv"

	"github.com/klauspost/compress/zstd"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var longAgo = time.Unix(1234567890, 123456000).UTC()

func dir(name string) tar.Header {
	return tar.Header{Typeflag: tar.TypeDir, Name: name + "/", Mode: 0o755, Uid: 1000, Gid: 100, ModTime: longAgo}
}

func regular(name string, size int64) tar.Header {
	return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o640, Uid: 1000, Gid: 100, ModTime: longAgo}
}

func link(kind byte, name, target string) tar.Header {
	return tar.Header{Typeflag: kind, Name: name, Linkname: target, Mode: 0o777, ModTime: longAgo}
}

// archive makes a tar archive; each file is filled with x.
func archive(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		h.Format = tar.FormatPAX
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, strings.Repeat("x", int(h.Size))); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// packed makes a file of a tar archive whose trailer tells the truth of it.
func packed(t testing.TB, archive []byte, entries int, change ...func(*Contents)) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderConcurrency(1))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write(archive); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(archive)
	c := Contents{Runtime: "r", Made: longAgo, Entries: int64(entries), Bytes: int64(len(archive)), sum: hex.EncodeToString(sum[:])}
	for _, f := range change {
		f(&c)
	}
	frame, err := c.frame()
	if err != nil {
		t.Fatal(err)
	}
	return append(b.Bytes(), frame...)
}

func check(file []byte, o CheckOptions) (Contents, error) {
	return Check(bytes.NewReader(file), int64(len(file)), o)
}

func refused(t *testing.T, err error, words string) {
	t.Helper()
	var r *Refused
	if !errors.As(err, &r) || !strings.Contains(r.Why, words) {
		t.Errorf("got %v, want it refused with %q", err, words)
	}
}

// good is an archive as an engine gives it.
func good(t testing.TB) []byte {
	return archive(
		t, dir("colab-tray-data"), regular("colab-tray-data/a", 5), dir("colab-tray-data/d"), regular("colab-tray-data/d/empty", 0),
		regular("colab-tray-data/d/new\nline ü \xff", 3), dir("colab-tray-data/d/"+strings.Repeat("long", 60)),
		link(tar.TypeLink, "colab-tray-data/hard", "colab-tray-data/a"),
		link(tar.TypeSymlink, "colab-tray-data/soft", "d/../a"),
		link(tar.TypeSymlink, "colab-tray-data/venv", "/opt/conda/bin/python"),
	)
}

func write(t testing.TB, archive []byte) ([]byte, Contents, Omitted) {
	t.Helper()
	var file bytes.Buffer
	c, left, err := Write(&file, Source{Archive: bytes.NewReader(archive), Root: "/home/jovyan", Runtime: "r", Made: longAgo})
	if err != nil {
		t.Fatal(err)
	}
	return file.Bytes(), c, left
}

func TestWriteCheckUnpack(t *testing.T) {
	file, c, left := write(t, good(t))
	if left != (Omitted{}) || c.Entries != 9 || c.Runtime != "r" || c.Size != int64(len(file)) {
		t.Errorf("written: %+v, %+v", c, left)
	}
	got, err := check(file, CheckOptions{})
	if err != nil || got != c {
		t.Fatalf("checked: %+v, %v; want %+v", got, err, c)
	}
	var out bytes.Buffer
	if err := Unpack(&out, bytes.NewReader(file), c, "s/new", nil); err != nil {
		t.Fatal(err)
	}
	in, source := tar.NewReader(&out), tar.NewReader(bytes.NewReader(good(t)))
	for {
		want, err := source.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		got, err2 := in.Next()
		if err != nil || err2 != nil {
			t.Fatal(err, err2)
		}
		name := strings.Replace(want.Name, "colab-tray-data", "s/new", 1)
		target := strings.Replace(want.Linkname, "colab-tray-data", "s/new", 1)
		if got.Name != name || got.Linkname != target || got.Mode != want.Mode || got.Uid != want.Uid || got.Gid != want.Gid ||
			!got.ModTime.Equal(want.ModTime) || got.Size != want.Size || got.Typeflag != want.Typeflag {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		content, _ := io.ReadAll(in)
		if string(content) != strings.Repeat("x", int(want.Size)) {
			t.Errorf("%q has become %q", name, content)
		}
	}
	if _, err := in.Next(); !errors.Is(err, io.EOF) {
		t.Error("there is more than there was")
	}
}

// TestPlainProgramsReadIt: nobody needs this program to get at their data.
func TestPlainProgramsReadIt(t *testing.T) {
	testenv.NeedCommand(t, "zstd")
	testenv.NeedCommand(t, "tar")
	file, _, _ := write(t, good(t))
	path := filepath.Join(t.TempDir(), "b.tar.zst")
	if err := os.WriteFile(path, file, 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("sh", "-ec", "zstd -dc "+path+" | tar -t | wc -l; zstd -t "+path).CombinedOutput()
	if err != nil || !strings.HasPrefix(string(out), "9\n") {
		t.Errorf("%v: %s", err, out)
	}
}

func TestWriteLeavesOut(t *testing.T) {
	const r = "m/.local/share/jupyter/runtime"
	file, c, left := write(t, archive(
		t, dir("m"), dir("m/.colab-tray-restore"), regular("m/.colab-tray-restore/x", 1),
		dir("m/.local"), dir("m/.local/share"), dir("m/.local/share/jupyter"), regular("m/.local/share/jupyter/colab-tray-token", 48), dir(r), regular(r+"/nbserver-7.json", 9), regular(r+"/kernel-1.json", 9),
		dir("m/elsewhere"), regular("m/elsewhere/jpserver-12.json", 9), regular("m/elsewhere/jpserver-12-open.html", 9),
		regular("m/jpserver-notes.json", 1),
		link(tar.TypeLink, "m/token", r+"/nbserver-7.json"),
		link(tar.TypeFifo, "m/pipe", ""), link(tar.TypeChar, "m/null", ""),
		link(tar.TypeSymlink, "m/elsewhere/out", "../../../opt/x"),
	))
	if left != (Omitted{Special: 2, Relinked: 1}) {
		t.Errorf("left out: %+v", left)
	}
	var out bytes.Buffer
	if err := Unpack(&out, bytes.NewReader(file), c, "n", nil); err != nil {
		t.Fatal(err)
	}
	var names []string
	for in := tar.NewReader(&out); ; {
		h, err := in.Next()
		if err != nil {
			break
		}
		names = append(names, h.Name+h.Linkname)
	}
	want := "n/ n/.local/ n/.local/share/ n/.local/share/jupyter/ n/.local/share/jupyter/runtime/ n/elsewhere/ n/jpserver-notes.json n/elsewhere/out/opt/x"
	if got := strings.Join(names, " "); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWriteNoticesChanges(t *testing.T) {
	whole := good(t)
	for _, end := range []int{len(whole) - 1024, len(whole) - 512, len(whole) - 1, 700, 512, 100, 0} {
		_, _, err := Write(io.Discard, Source{Archive: bytes.NewReader(whole[:end])})
		if !errors.Is(err, ErrChanged) {
			t.Errorf("the archive ends after %d of %d bytes: %v", end, len(whole), err)
		}
	}
}

// TestHostileEntries: one bad entry, and the whole file is refused.
func TestHostileEntries(t *testing.T) {
	for _, test := range []struct {
		name    string
		entries []tar.Header
		why     string
	}{
		{"up", []tar.Header{regular("../x", 1)}, "leads out of the data"},
		{"up in the middle", []tar.Header{dir("a"), regular("a/../../x", 1)}, "leads out of the data"},
		{"up and back", []tar.Header{dir("a"), regular("a/../x", 1)}, "leads out of the data"},
		{"absolute", []tar.Header{regular("/etc/passwd", 1)}, "leads out of the data"},
		{"absolute twice", []tar.Header{regular("//x", 1)}, "leads out of the data"},
		{"dot", []tar.Header{dir("a"), regular("a/./x", 1)}, "leads out of the data"},
		{"empty", []tar.Header{regular("", 1)}, "leads out of the data"},
		{"too long", []tar.Header{regular(strings.Repeat("a", 256), 1)}, "leads out of the data"},
		{"staging", []tar.Header{dir(".colab-tray-restore")}, "set aside"},
		{"in staging", []tar.Header{regular(".colab-tray-restore/moving", 1)}, "set aside"},
		{"twice", []tar.Header{regular("x", 1), regular("x", 1)}, "there twice"},
		{"root again", []tar.Header{dir(".")}, "there twice"},
		{"link, then file", []tar.Header{link(tar.TypeSymlink, "x", "/etc/passwd"), regular("x", 1)}, "there twice"},
		{"through a link", []tar.Header{link(tar.TypeSymlink, "x", "/etc"), regular("x/passwd", 1)}, `written through the link "x"`},
		{"through a link inside", []tar.Header{dir("d"), link(tar.TypeSymlink, "x", "d"), regular("x/y", 1)}, `written through the link "x"`},
		{"in a file", []tar.Header{regular("x", 1), regular("x/y", 1)}, `"x", which is no directory`},
		{"without directory", []tar.Header{regular("d/x", 1), dir("d")}, "does not come before it"},
		{"hard link out", []tar.Header{link(tar.TypeLink, "x", "/etc/passwd")}, `hard link to "/etc/passwd"`},
		{"hard link up", []tar.Header{link(tar.TypeLink, "x", "../x")}, `hard link to "../x"`},
		{"hard link to later", []tar.Header{link(tar.TypeLink, "x", "y"), regular("y", 1)}, `hard link to "y"`},
		{"hard link to itself", []tar.Header{link(tar.TypeLink, "x", "x")}, `hard link to "x"`},
		{"hard link to a link", []tar.Header{link(tar.TypeSymlink, "y", "/etc/passwd"), link(tar.TypeLink, "x", "y")}, `hard link to "y"`},
		{"hard link to a directory", []tar.Header{dir("y"), link(tar.TypeLink, "x", "y")}, `hard link to "y"`},
		{"link out", []tar.Header{link(tar.TypeSymlink, "x", "../etc")}, `link to "../etc", out of the data`},
		{"link out by a detour", []tar.Header{dir("d"), link(tar.TypeSymlink, "d/x", "e/../../../d")}, "out of the data"},
		{"link to nothing", []tar.Header{link(tar.TypeSymlink, "x", "")}, "link to nothing"},
		{"device", []tar.Header{link(tar.TypeBlock, "x", "")}, "a device"},
		{"character device", []tar.Header{link(tar.TypeChar, "x", "")}, "a device"},
		{"pipe", []tar.Header{link(tar.TypeFifo, "x", "")}, "a pipe"},
		{"unknown type", []tar.Header{{Typeflag: 'Z', Name: "x"}}, "unknown type"},
		{"control characters", []tar.Header{dir("a"), regular("../\x1b[31mx", 1)}, `\x1b`},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := packed(t, archive(t, append([]tar.Header{dir(".")}, test.entries...)...), len(test.entries)+1)
			_, err := check(file, CheckOptions{Large: true})
			refused(t, err, test.why)
		})
	}
	t.Run("root is a link", func(t *testing.T) {
		_, err := check(packed(t, archive(t, link(tar.TypeSymlink, ".", "/etc")), 1), CheckOptions{})
		refused(t, err, "in the place of all data")
	})
	t.Run("no root", func(t *testing.T) {
		_, err := check(packed(t, archive(t, regular("x", 1)), 1), CheckOptions{})
		refused(t, err, "does not come before it")
	})
	t.Run("sparse", func(t *testing.T) {
		testenv.NeedCommand(t, "tar")
		d := t.TempDir()
		for _, format := range []string{"gnu", "posix"} {
			out, err := exec.Command("sh", "-ec", "cd "+d+"; truncate -s 1T bomb; tar --format="+format+" -cSf t bomb --transform 's,^,./,' -C / --no-recursion dev").CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			bomb, err := os.ReadFile(filepath.Join(d, "t"))
			if err != nil {
				t.Fatal(err)
			}
			root := archive(t, dir("."))
			_, err = check(packed(t, append(root[:len(root)-1024], bomb...), 2), CheckOptions{Large: true})
			refused(t, err, "sparse file")
		}
	})
}

func TestDamagedFiles(t *testing.T) {
	file, c, _ := write(t, good(t))
	for end := range len(file) {
		if _, err := check(file[:end], CheckOptions{}); err == nil {
			t.Fatalf("the first %d of %d bytes are good", end, len(file))
		}
	}
	_, err := check(file[:len(file)-1], CheckOptions{})
	refused(t, err, "cut off")
	_, err = check(file[:3], CheckOptions{})
	refused(t, err, "not a backup")
	_, err = check([]byte("PK\x03\x04 this is a zip"), CheckOptions{})
	refused(t, err, "not a backup")
	_, err = check(file[:bytes.LastIndex(file, []byte(`{"format"`))-8], CheckOptions{})
	refused(t, err, "cut off")
	for at := range file {
		broken := bytes.Clone(file)
		broken[at] ^= 0x10
		got, err := check(broken, CheckOptions{})
		var r *Refused
		// What the trailer says of the runtime and the time is no part of the data.
		if err == nil && got.sum != c.sum || err != nil && !errors.As(err, &r) {
			t.Errorf("with byte %d of %d changed: %v", at, len(file), err)
		}
	}
	_, err = check(append(bytes.Clone(file), 0), CheckOptions{})
	refused(t, err, "cut off")
}

func TestTrailerThatLies(t *testing.T) {
	a := archive(t, dir("."), regular("x", 100))
	for name, test := range map[string]struct {
		change func(*Contents)
		why    string
	}{
		"hash":         {func(c *Contents) { c.sum = strings.Repeat("00", 32) }, "does not match its checksum"},
		"no hash":      {func(c *Contents) { c.sum = "" }, "makes no sense"},
		"more bytes":   {func(c *Contents) { c.Bytes++ }, "holds less"},
		"fewer bytes":  {func(c *Contents) { c.Bytes-- }, "holds more"},
		"few bytes":    {func(c *Contents) { c.Bytes = 50 }, "holds more"},
		"more entries": {func(c *Contents) { c.Entries++ }, "holds less"},
		"few entries":  {func(c *Contents) { c.Entries-- }, "holds more"},
		"no entries":   {func(c *Contents) { c.Entries = 0 }, "makes no sense"},
		"negative":     {func(c *Contents) { c.Bytes = -1 }, "makes no sense"},
		"no name":      {func(c *Contents) { c.Runtime = "" }, "makes no sense"},
		"a forged one": {func(c *Contents) { c.Runtime = "r, of today.\x1b[2J\nNothing is replaced" }, "makes no sense"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := check(packed(t, a, 2, test.change), CheckOptions{})
			refused(t, err, test.why)
		})
	}
	newer := bytes.Replace(packed(t, a, 2), []byte(`{"format":1,`), []byte(`{"format":9,`), 1)
	_, err := check(newer, CheckOptions{})
	refused(t, err, "newer version")
	nonsense := bytes.Replace(packed(t, a, 2), []byte(`{"format":1,`), []byte(`["format":1,`), 1)
	_, err = check(nonsense, CheckOptions{})
	refused(t, err, "makes no sense")
}

// TestBomb is refused for what it says, before it is unpacked; and when it says
// less than it is, soon after.
func TestBomb(t *testing.T) {
	a := archive(t, dir("."))
	says := func(bytes int64) []byte { return packed(t, a, 1, func(c *Contents) { c.Bytes = bytes }) }
	_, err := check(says(1<<30), CheckOptions{})
	refused(t, err, "holds less")
	_, err = check(says(1<<30+1), CheckOptions{})
	refused(t, err, "very large")
	_, err = check(says(math.MaxInt64), CheckOptions{})
	refused(t, err, "very large")
	bomb := says(9 << 30)
	_, err = check(bomb, CheckOptions{})
	refused(t, err, "very large")
	if r := new(Refused); !errors.As(err, &r) || !r.Large {
		t.Error("it is not refused for its size")
	}
	_, err = check(packed(t, a, 1, func(c *Contents) { c.Entries = 6_000_000 }), CheckOptions{})
	refused(t, err, "very large")
	_, err = check(bomb, CheckOptions{Large: true})
	refused(t, err, "holds less")

	zeros := append(a[:len(a)-1024:len(a)-1024], make([]byte, 64<<20)...)
	read := int64(0)
	_, err = check(packed(t, zeros, 1, func(c *Contents) { c.Bytes = 4096 }), CheckOptions{Progress: func(n, _ int64) { read = n }})
	refused(t, err, "holds more")
	if read > 4096 {
		t.Errorf("%d bytes were read of one that says 4096", read)
	}
}

// TestSwapped: between the passes the file becomes another one.
func TestSwapped(t *testing.T) {
	file, c, _ := write(t, good(t))
	other, _, _ := write(t, archive(t, dir("m"), regular("m/other", 1)))
	if len(other) < len(file) {
		other = append(other, make([]byte, len(file)-len(other))...)
	}
	broken := bytes.Clone(file)
	broken[20] ^= 1
	for name, swapped := range map[string][]byte{"another": other, "changed": broken} {
		var out bytes.Buffer
		err := Unpack(&out, bytes.NewReader(swapped), c, "n", nil)
		refused(t, err, "changed while it was read")
		if bytes.HasSuffix(out.Bytes(), make([]byte, 1024)) {
			t.Errorf("%s: the archive was ended as if all were well", name)
		}
	}
	// Another file of the same name that is good, too, and says so.
	hostile := packed(t, archive(t, dir("."), regular("../x", 1)), 2)
	if err := Unpack(io.Discard, bytes.NewReader(hostile), c, "n", nil); err == nil {
		t.Error("it was unpacked")
	}
}

// TestLargeFile: sizes above 8 GiB do not fit into the old headers.
func TestLargeFile(t *testing.T) {
	root, big := dir("m"), regular("m/big", 9<<30)
	var source bytes.Buffer
	in := tar.NewWriter(&source)
	if err := errors.Join(in.WriteHeader(&root), in.WriteHeader(&big)); err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, _, err := Write(&file, Source{Archive: &source}); !errors.Is(err, ErrChanged) {
		t.Errorf("got %v, want only that there is nothing in it", err)
	}
	z, err := zstd.NewReader(&file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	out := tar.NewReader(z)
	_, _ = out.Next()
	if h, err := out.Next(); err != nil || h.Size != 9<<30 || h.Name != "big" {
		t.Errorf("got %+v, %v", h, err)
	}
}

// FuzzCheck reads any bytes as a file, and as the archive in a file that tells
// the truth of it. What is refused says so; what is good is unpacked, into the
// directory and nowhere else.
func FuzzCheck(f *testing.F) {
	file, _, _ := write(f, good(f))
	f.Add(file)
	f.Add(good(f))
	f.Add(archive(f, dir("."), link(tar.TypeSymlink, "x", "/etc"), regular("x/passwd", 1)))
	f.Add(archive(f, dir("."), dir(".."), regular("../x", 1)))
	f.Add(archive(f, dir("."), dir(Staging), regular(Staging+"/x", 1)))
	f.Add(archive(f, dir("."), regular("x", 1), regular("x", 1)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, file := range [][]byte{data, packed(t, data, len(names(data)))} {
			c, err := check(file, CheckOptions{Large: true})
			if r := new(Refused); err != nil && (!errors.As(err, &r) || r.Why == "") {
				t.Fatalf("%v, which is not how a file is refused", err)
			}
			var out bytes.Buffer
			unpacked := Unpack(&out, bytes.NewReader(file), c, "s/new", nil)
			if (unpacked == nil) != (err == nil) {
				t.Fatalf("checked: %v, unpacked: %v", err, unpacked)
			}
			if err != nil {
				continue
			}
			found := names(out.Bytes())
			if int64(len(found)) != c.Entries || c.Size != int64(len(file)) {
				t.Errorf("%d entries were unpacked of %+v", len(found), c)
			}
			seen := map[string]bool{}
			for _, name := range found {
				clean := path.Clean(name)
				if clean != "s/new" && !strings.HasPrefix(clean, "s/new/") || seen[clean] || strings.HasPrefix(clean, "s/new/"+Staging+"/") {
					t.Errorf("%q was unpacked", name)
				}
				seen[clean] = true
			}
		}
	})
}

// names returns those of the entries of a tar archive, as far as it can be read.
func names(archive []byte) (names []string) {
	for in := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := in.Next()
		if err != nil {
			return names
		}
		names = append(names, h.Name)
	}
}
