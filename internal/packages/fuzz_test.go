package packages

import (
	"archive/tar"
	"bytes"
	"path"
	"strings"
	"testing"
)

// FuzzPackages reads any metadata of a package, and any output of the script in a
// container. A package has a name and a version that can be shown and lies where was
// looked, and what would be kept of it is one requirement, without an option of pip.
func FuzzPackages(f *testing.F) {
	const metadata = "Metadata-Version: 2.1\nName: greeter\nVersion: 1.5\n\n"
	f.Add([]byte(metadata), []byte(`{"url": "https://example.org/g", "vcs_info": {"vcs": "git", "commit_id": "0123456789"}}`), "begin\nend\n", "greeter-1.5-0.json")
	f.Add([]byte("Name: -r x\nVersion: 1\n"), []byte(`{"url": "https://example.org/g --index-url=x"}`),
		`{"dir": "/data/a", "name": "a", "version": "1"}`+"\n"+`{"dir": "/data/../b", "name": "b\u001b", "version": "1"}`, "a-1-\n.json")
	f.Fuzz(func(t *testing.T, metadata, source []byte, printed, file string) {
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		for name, content := range map[string][]byte{"METADATA": metadata, "direct_url.json": source} {
			if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: "d.dist-info/" + name, Size: int64(len(content))}); err != nil {
				t.Fatal(err)
			}
			_, _ = w.Write(content)
		}
		p, is := packageOf("/data/d.dist-info", &archive)
		name, address, _ := strings.Cut(p.Requirement, " @ ")
		if is && (strings.HasPrefix(name, "-") || strings.ContainsAny(name+address, " \t\r\n\v\f\\;#$'\"")) {
			t.Errorf("of %q, %q would be kept: %q", metadata, source, p.Requirement)
		}
		all, _ := volumePackages(printed, []string{"/data"})
		for _, p := range all {
			if p.Dir != "/data" && !strings.HasPrefix(p.Dir, "/data/") || path.Clean(p.Dir) != p.Dir {
				t.Errorf("of %q came %+v", printed, p)
			}
		}
		if is {
			all = append(all, p)
		}
		if p, is := condaPackage(file); is {
			all = append(all, p)
		}
		for _, p := range all {
			if strings.ContainsFunc(p.Name+p.Version, func(r rune) bool { return r <= ' ' || r > '~' }) || p.Name == "" || p.Version == "" || strings.HasPrefix(p.Name, "-") {
				t.Errorf("a package is %+v", p)
			}
		}
	})
}
