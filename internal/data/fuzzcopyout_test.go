package data

import (
	"archive/tar"
	"bytes"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// FuzzCopyOut unpacks any archive of a helper, whose image may be hostile. Nothing is
// written outside of the place, no device or pipe is made, and no file can be run as
// somebody else.
func FuzzCopyOut(f *testing.F) {
	archive := func(entries ...tar.Header) []byte {
		var all bytes.Buffer
		w := tar.NewWriter(&all)
		for _, h := range append([]tar.Header{{Typeflag: tar.TypeDir, Name: "d/", Mode: 0o7755}}, entries...) {
			if err := w.WriteHeader(&h); err != nil {
				f.Fatal(err)
			}
			_, _ = w.Write(make([]byte, h.Size))
		}
		return all.Bytes()
	}
	f.Add(archive(tar.Header{Typeflag: tar.TypeReg, Name: "d/f", Size: 3, Mode: 0o4755}, tar.Header{Typeflag: tar.TypeLink, Name: "d/h", Linkname: "d/f"}))
	f.Add(archive(tar.Header{Typeflag: tar.TypeSymlink, Name: "d/l", Linkname: "../../outside"}, tar.Header{Typeflag: tar.TypeReg, Name: "d/l/x", Size: 1}))
	f.Add(archive(tar.Header{Typeflag: tar.TypeReg, Name: "d/../../outside/x", Size: 1}))
	f.Add(archive(tar.Header{Typeflag: tar.TypeFifo, Name: "d/p"}, tar.Header{Typeflag: tar.TypeChar, Name: "d/n", Devmajor: 1, Devminor: 3}))
	f.Add(archive(tar.Header{Typeflag: tar.TypeLink, Name: "d/h", Linkname: "../outside/kept"}, tar.Header{Typeflag: tar.TypeReg, Name: "d/h", Size: 9}))
	f.Fuzz(func(t *testing.T, archive []byte) {
		if len(archive) > 64<<10 {
			t.Skip("too large for this")
		}
		dir := t.TempDir()
		outside, place := filepath.Join(dir, "outside"), filepath.Join(dir, "place")
		for _, made := range []string{outside, place} {
			if err := os.Mkdir(made, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		kept := filepath.Join(outside, "kept")
		if err := os.WriteFile(kept, []byte("kept"), 0o600); err != nil {
			t.Fatal(err)
		}
		root, err := os.OpenRoot(place)
		if err != nil {
			t.Fatal(err)
		}
		defer root.Close()
		x := &extraction{root: root, top: "top", report: func(int64, int64) {}}
		err = eachEntry(bytes.NewReader(archive), func(h *tar.Header, content io.Reader) error {
			if h.Size > 1<<20 {
				return io.ErrShortBuffer // a sparse file would fill the disk of who runs this
			}
			name, err := check(h)
			if err != nil {
				return err
			}
			return x.add(name, h, content)
		})
		x.finish()

		if names, _ := filepath.Glob(filepath.Join(dir, "*")); len(names) != 2 {
			t.Errorf("there are %q", names)
		}
		if names, _ := os.ReadDir(place); len(names) > 1 || len(names) == 1 && names[0].Name() != "top" {
			t.Errorf("beside the place there are %v (%v)", names, err)
		}
		names, _ := os.ReadDir(outside)
		info, lost := os.Stat(kept)
		if text, _ := os.ReadFile(kept); len(names) != 1 || lost != nil || info.Mode() != 0o600 || string(text) != "kept" {
			t.Errorf("outside there are %v, %v, %q", names, info, text)
		}
		_ = filepath.WalkDir(place, func(path string, d fs.DirEntry, err error) error {
			if err != nil {
				return nil // what is not readable any more
			}
			info, err := d.Info()
			if err == nil && path != place && (info.Mode()&(fs.ModeSetuid|fs.ModeSetgid|fs.ModeDevice|fs.ModeNamedPipe|fs.ModeSocket|fs.ModeIrregular) != 0) {
				t.Errorf("%s is %v", path, info.Mode())
			}
			return nil
		})
	})
}
