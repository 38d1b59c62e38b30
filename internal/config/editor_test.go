package config

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// TestLaterWriterIsTold: of two writers who have seen the same file, the later one
// writes nothing and is told.
func TestLaterWriterIsTold(t *testing.T) {
	path := write(t, "# mine\n")
	form := Editor{File: path}.Form("jupyter")
	seen := Editor{File: path, Seen: form.Revision}
	var told sync.Map
	var writers sync.WaitGroup
	for _, port := range []string{"1001", "1002"} {
		writers.Go(func() { told.Store(port, seen.Put("jupyter", "profile.port", port)) })
	}
	writers.Wait()
	got := fieldOf(t, Editor{File: path}.Form("jupyter"), "profile.port").Value
	var changed *ChangedError
	for _, port := range []string{"1001", "1002"} {
		err, _ := told.Load(port)
		if port == got && err != nil || port != got && !errors.As(err.(error), &changed) {
			t.Errorf("%s is in the file; who wrote %s was told %v", got, port, err)
		}
	}

	form = Editor{File: path}.Form("jupyter")
	seen.Seen = form.Revision
	const other = "# another's\n"
	if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
		t.Fatal(err)
	}
	for what, err := range map[string]error{
		"put": seen.Put("jupyter", "profile.port", "1"), "unset": seen.Unset("jupyter", "profile.port"), "undo": seen.Undo(),
		"add": seen.AddProfile("new", ""), "rename": seen.RenameProfile("a1", "b1"), "remove": seen.RemoveProfile("a1"),
	} {
		if !errors.As(err, &changed) || read(t, path) != other {
			t.Errorf("%s: %v, %q", what, err, read(t, path))
		}
	}
}

// TestWriterBetween: what another program writes while a change is made is kept, and
// who has not seen it is told.
func TestWriterBetween(t *testing.T) {
	const before, other = "# mine\n", "# another's\n"
	path := write(t, before)
	first := true
	change := func(text []byte) ([]byte, error) {
		if first {
			first = false
			if err := os.WriteFile(path, []byte(other), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return append(bytes.Clone(text), "# changed\n"...), nil
	}
	var changed *ChangedError
	e := Editor{File: path}
	e.Seen = e.Form("jupyter").Revision
	if err := e.rewrite(change); !errors.As(err, &changed) || read(t, path) != other {
		t.Errorf("%v, %q", err, read(t, path))
	}
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	first = true
	if err := (Editor{File: path}).rewrite(change); err != nil || read(t, path) != other+"# changed\n" {
		t.Errorf("%v, %q", err, read(t, path))
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".*")); err != nil || len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}

// TestNoFileYet: a file that comes meanwhile is not overwritten either.
func TestNoFileYet(t *testing.T) {
	e := Editor{File: filepath.Join(t.TempDir(), "dir", "config.toml")}
	e.Seen = e.Form("jupyter").Revision
	if err := e.Put("jupyter", "profile.port", "1"); err != nil {
		t.Fatal(err)
	}
	var changed *ChangedError
	if err := e.Put("jupyter", "profile.port", "2"); !errors.As(err, &changed) {
		t.Errorf("the second one is told %v", err)
	}
	if err := (Editor{File: e.File}).Undo(); err != nil || read(t, e.File) != string(DefaultFile()) {
		t.Errorf("undone: %v", err)
	}
}

// TestUndo takes back one change after the other, also those that were not made in a
// form, and nothing that another program has written.
func TestUndo(t *testing.T) {
	const before = "# mine\nprofile = 'jupyter' # c\n"
	path := write(t, before)
	e := Editor{File: path}
	var changed *ChangedError
	if err := e.Undo(); !errors.As(err, &changed) || e.Form("jupyter").CanUndo {
		t.Errorf("with nothing to undo: %v", err)
	}
	var texts []string
	for _, change := range []func() error{
		func() error { return e.Put("jupyter", "profile.port", "1") },
		func() error { return Set(path, []string{"preferences", "icon"}, IconDark) },
		func() error { return e.AddProfile("new", "jupyter") },
	} {
		texts = append(texts, read(t, path))
		if err := change(); err != nil {
			t.Fatal(err)
		}
	}
	for i := len(texts) - 1; i >= 0; i-- {
		form := e.Form("jupyter")
		if err := (Editor{File: path, Seen: form.Revision}).Undo(); err != nil || !form.CanUndo || read(t, path) != texts[i] {
			t.Errorf("undo %d: %v, %q", i, err, read(t, path))
		}
	}
	if e.Form("jupyter").CanUndo {
		t.Error("there is more to undo")
	}

	if err := e.Put("jupyter", "profile.port", "1"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("# another's\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := e.Undo(); !errors.As(err, &changed) || e.Form("jupyter").CanUndo || read(t, path) != "# another's\n" {
		t.Errorf("what another has written is undone: %v, %q", err, read(t, path))
	}
}
