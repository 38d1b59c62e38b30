package config

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
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

// rewrite changes the text of the settings file, which must be valid before and after.
func (e Editor) rewrite(change func(text []byte) ([]byte, error)) error {
	editing.Lock()
	defer editing.Unlock()
	text, edited, err := e.changed(change)
	if err != nil || bytes.Equal(edited, text) {
		return err
	}
	if err := replace(e.File, edited); err != nil {
		return unwritable(e.File, err)
	}
	all := append(written[e.File], rewritten{text, edited})
	written[e.File] = slices.Clone(all[max(0, len(all)-maxUndo):])
	return nil
}

// try returns the error that a change would return, and writes nothing.
func (e Editor) try(change func(text []byte) ([]byte, error)) error {
	_, _, err := e.changed(change)
	return err
}

// changed returns the text of the settings file, and what a change makes of it.
func (e Editor) changed(change func(text []byte) ([]byte, error)) (text, edited []byte, err error) {
	text, err = (&file{path: e.File}).read()
	if err != nil {
		return nil, nil, err
	}
	if e.Seen != "" && e.Seen != revisionOf(text) {
		return nil, nil, &ChangedError{File: e.File}
	}
	if text == nil {
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

// Undo takes back the latest change of the settings file that this process has made
// and that is not undone. It returns a *[ChangedError] if the file has been changed
// since, or if there is nothing to undo.
func (e Editor) Undo() error {
	editing.Lock()
	defer editing.Unlock()
	text, err := (&file{path: e.File}).read()
	if err != nil {
		return err
	}
	if e.Seen != "" && e.Seen != revisionOf(text) || !undoable(e.File, text) {
		return &ChangedError{File: e.File}
	}
	all := written[e.File]
	last := len(all) - 1
	if err := replace(e.File, all[last].before); err != nil {
		return unwritable(e.File, err)
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
