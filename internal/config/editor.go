package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"sync"

	"colabtray/internal/i18n"
)

// Revision tells one content of the settings file from another. A missing file has
// a revision, too.
type Revision string

// revisionOf returns the revision of a text, nil for a missing file.
func revisionOf(text []byte) Revision {
	if text == nil {
		return "none"
	}
	sum := sha256.Sum256(text)
	return Revision(hex.EncodeToString(sum[:]))
}

// ChangedError is returned instead of overwriting a change of the settings file that
// the writer has not seen. Nothing is written.
type ChangedError struct{ File string }

// Error tells what a person can do.
func (e *ChangedError) Error() string { return i18n.T("config.changedElsewhere") }

// Editor changes the settings file. Like [Set], each change is atomic, keeps every
// other byte of the file, and is refused with an *[Error] if the file would have an
// error.
type Editor struct {
	// File is the path of the settings file.
	File string
	// Seen is the revision that the writer has seen, empty for any. If the file has
	// another one by now, each change returns a *[ChangedError].
	Seen Revision
}

// editing makes one change finish before the next change reads the file. It also
// guards written.
var editing sync.Mutex

// written has the latest changes of each file that this process has made.
var written = map[string][]rewritten{}

// rewritten is one change of the settings file.
type rewritten struct{ before, after []byte }

// maxUndo limits the number of changes that are remembered.
const maxUndo = 20

// maxAgain limits how often a change is made again because another program has changed
// the file while it was made.
const maxAgain = 3

// rewrite changes the text of the settings file, which must be valid before and after.
func (e Editor) rewrite(change func(text []byte) ([]byte, error)) error {
	editing.Lock()
	defer editing.Unlock()
	for again := 0; ; again++ {
		err := e.rewriteOnce(change)
		var changed *ChangedError
		if again == maxAgain || e.Seen != "" || !errors.As(err, &changed) {
			return err
		}
	}
}

func (e Editor) rewriteOnce(change func(text []byte) ([]byte, error)) error {
	was, err := e.read()
	if err != nil {
		return err
	}
	text, edited, err := e.changed(was, change)
	if err != nil || bytes.Equal(edited, text) {
		return err
	}
	if err := e.replace(was, edited); err != nil {
		return err
	}
	all := append(written[e.File], rewritten{text, edited})
	written[e.File] = slices.Clone(all[max(0, len(all)-maxUndo):])
	return nil
}

// try returns the error that a change would return, and writes nothing.
func (e Editor) try(change func(text []byte) ([]byte, error)) error {
	was, err := e.read()
	if err == nil {
		_, _, err = e.changed(was, change)
	}
	return err
}

// read returns the text of the settings file as the writer has seen it, nil if the file
// does not exist.
func (e Editor) read() ([]byte, error) {
	text, err := (&file{path: e.File}).read()
	if err == nil && e.Seen != "" && e.Seen != revisionOf(text) {
		return nil, &ChangedError{File: e.File}
	}
	return text, err
}

// changed returns the text of the settings file, or the one that a missing file stands
// for, and what a change makes of it.
func (e Editor) changed(was []byte, change func(text []byte) ([]byte, error)) (text, edited []byte, err error) {
	if text = was; text == nil {
		text = DefaultFile()
	}
	if err := check(e.File, text); err != nil {
		return nil, nil, err
	}
	if edited, err = change(text); err != nil {
		return nil, nil, err
	}
	return text, edited, check(e.File, edited)
}

// replace replaces the text of the file, unless it is no longer what it was.
func (e Editor) replace(was, text []byte) error {
	err := replace(e.File, text, func() error {
		now, err := (&file{path: e.File}).read()
		if err == nil && !bytes.Equal(now, was) {
			err = &ChangedError{File: e.File}
		}
		return err
	})
	var changed *ChangedError
	if err != nil && !errors.As(err, &changed) {
		return unwritable(e.File, err)
	}
	return err
}

// Undo takes back the latest change of the settings file that this process has made
// and that is not undone. It returns a *[ChangedError] if the file has been changed
// since, or if there is nothing to undo.
func (e Editor) Undo() error {
	editing.Lock()
	defer editing.Unlock()
	text, err := e.read()
	if err != nil {
		return err
	}
	if !undoable(e.File, text) {
		return &ChangedError{File: e.File}
	}
	all := written[e.File]
	last := len(all) - 1
	if err := e.replace(text, all[last].before); err != nil {
		return err
	}
	written[e.File] = all[:last]
	return nil
}

// undoable reports whether the text of a file is the result of a change that can be
// undone.
func undoable(path string, text []byte) bool {
	all := written[path]
	return len(all) > 0 && text != nil && bytes.Equal(all[len(all)-1].after, text)
}
