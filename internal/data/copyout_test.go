package data

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/internal/problem"
)

// extract unpacks entries of an archive as those of a helper, whose own image may be
// hostile, below the name "top".
func extract(t *testing.T, entries ...tar.Header) (dir string, err error) {
	t.Helper()
	dir = t.TempDir()
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	x := &extraction{root: root, top: "top", report: func(int64, int64) {}}
	var archive bytes.Buffer
	w := tar.NewWriter(&archive)
	for _, h := range append([]tar.Header{{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o555}}, entries...) {
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(make([]byte, h.Size))
	}
	err = eachEntry(&archive, func(h *tar.Header, content io.Reader) error {
		name, err := check(h)
		if err != nil {
			return err
		}
		return x.add(name, h, content)
	})
	x.finish()
	return dir, err
}

func TestHostileArchive(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside")
	if err := os.Mkdir(outside, 0o700); err != nil {
		t.Fatal(err)
	}
	file := func(name string) tar.Header {
		return tar.Header{Typeflag: tar.TypeReg, Name: name, Size: 1, Mode: 0o4755}
	}
	link := func(kind byte, name, to string) tar.Header {
		return tar.Header{Typeflag: kind, Name: name, Linkname: to}
	}
	for name, entries := range map[string][]tar.Header{
		"up":                       {file("d/../../x")},
		"up at the end":            {file("d/..")},
		"up and back":              {file("d/a/../x")},
		"through an absolute link": {link(tar.TypeSymlink, "d/l", outside), file("d/l/x")},
		"through a link up":        {link(tar.TypeSymlink, "d/l", "../.."), file("d/l/x")},
		"through a link inside":    {{Typeflag: tar.TypeDir, Name: "d/e/"}, link(tar.TypeSymlink, "d/l", "e"), file("d/l/x")},
		"over a link":              {link(tar.TypeSymlink, "d/l", outside+"/x"), file("d/l")},
		"hard link up":             {link(tar.TypeLink, "d/h", "d/../../../../../etc/passwd")},
		"hard link out":            {link(tar.TypeLink, "d/h", "/etc/passwd")},
		"hard link to nothing":     {link(tar.TypeLink, "d/h", "d/none")},
		"in a file":                {file("d/f"), file("d/f/x")},
		"twice":                    {file("d/f"), file("d/f")},
		"without its folder":       {file("d/none/f")},
		"the folder again":         {{Typeflag: tar.TypeSymlink, Name: "d", Linkname: outside}},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := extract(t, entries...)
			if p, is := errors.AsType[*problem.Problem](err); !is || strings.ContainsFunc(p.Hint, func(r rune) bool { return r < ' ' }) {
				t.Errorf("accepted, or no problem: %v", err)
			}
			for _, where := range []string{outside, dir} {
				left, err := os.ReadDir(where)
				if err != nil || len(left) > 1 || len(left) == 1 && left[0].Name() != "top" {
					t.Errorf("%s has %v, %v", where, left, err)
				}
			}
		})
	}
	dir, err := extract(t, file("d/f"), link(tar.TypeLink, "d/h", "d/f"), link(tar.TypeSymlink, "d/l", "/etc/passwd"), file("d/naïve \xff"))
	if err != nil {
		t.Fatal(err)
	}
	one, _ := os.Stat(filepath.Join(dir, "top/f"))
	two, _ := os.Stat(filepath.Join(dir, "top/h"))
	if !os.SameFile(one, two) || one.Mode() != 0o755 {
		t.Errorf("the hard link is %v, the file %v", two, one)
	}
}

func TestParseEntries(t *testing.T) {
	got := parseEntries([]byte("81a4 5 1000 100 7 ./a\n41ed 4096 0 0 8 ./d . x\na1ff 3 0 0 9 ./new\nline\n81a4 1 0 0 0 ./a/b\n"))
	if len(got) != 3 || got[0].Name != "a" || got[0].Size != 5 || got[0].uid != 1000 || got[0].Kind != KindFile ||
		got[1].Name != "d . x" || got[1].Kind != KindFolder || got[2].Kind != KindLink || !strings.HasPrefix(got[2].Name, "new\nline\n") {
		t.Errorf("parsed %+v", got)
	}
	for _, text := range []string{"", "\n", "nonsense", "zz 1 1 1 1 ./x", "81a4 5 1 1 1 ./"} {
		if got := parseEntries([]byte(text)); len(got) != 0 {
			t.Errorf("%q is parsed as %+v", text, got)
		}
	}
}
