package data

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// maxEntries is how many entries of a folder are listed, and maxListing how many bytes
// of its listing are read. The content of a volume may be hostile.
const (
	maxEntries = 5000
	maxListing = 2 << 20
)

// The exit codes of lookScript.
const (
	lookAbsent  = 4
	lookOutside = 5
)

// lookScript tells what is at a path of the volume, in a helper. Links are followed
// within the volume only. All that it prints is in base64, because names can have any
// bytes, and engines keep only text. Its last line is outputEnd.
//
//	$1  look: a line each for the path itself, the folder that it is, and the folder
//	    that it is in; empty for what does not exist
//	    list: the entries of the folder
//	$2  the root of the volume
//	$3  the path
//	$4  the folder that the path is in
//	$5  how many bytes of a list are told
//
// An entry is told as its mode, size, owner, time and name.
const lookScript = `
LC_ALL=C; export LC_ALL
exec 2>/dev/null
cd "$2" || exit 1
root=$(pwd -P)

folder() { # dir: prints where it is in the volume, with a / at the end
	cd -P -- "./$1/." || exit 4
	case $PWD/ in "$root"/*) printf %s/ "${PWD#"$root"}" ;; *) exit 5 ;; esac
}
line() { base64 | tr -d '\n'; echo; }

case $1 in
look)
	parent=$(folder "$4") || exit
	self=
	if [ -d "./$3" ]; then self=$(folder "$3") || exit; fi
	stat -c '%f %s %u %g %Y ./-' -- "./$3" | line
	printf %s "$self" | line
	printf %s "$parent" | line
	;;
list)
	self=$(folder "$3") || exit
	cd -P -- "./$3/." || exit
	find . -maxdepth 1 ! -name . -exec stat -c '%f %s %u %g %Y %n' {} + | head -c "$5" | base64 || exit
	;;
esac
` + "echo " + outputEnd

// outputEnd is the last line of a script whose output is read. An engine can keep the
// last that a container prints after it has told its end: dockerd waits two seconds for
// it, which is too short on a busy computer.
const outputEnd = "."

// Of a helper's output: how long the engine has to keep the rest of it, the pause before
// it is read again, and how much is read.
const (
	outputPatience = 20 * time.Second
	outputPause    = 100 * time.Millisecond
	maxOutput      = 2 * maxListing
)

// Kind is what an entry of a folder is.
type Kind string

// The kinds of entries.
const (
	KindFile   Kind = "file"
	KindFolder Kind = "folder"
	KindLink   Kind = "link"
	KindOther  Kind = "other" // a device, pipe or socket
)

// Entry is an entry of a folder in the volume.
type Entry struct {
	// Name is as the volume has it, so it can have any bytes but / and 0.
	Name     string
	Kind     Kind
	Size     int64
	Modified time.Time

	uid, gid int
}

// Listing is what a folder of the volume has.
type Listing struct {
	// Path is the path of the folder relative to the root of the notebooks, or absolute.
	Path    string
	Entries []Entry // folders first
	// Cut tells that there are more entries.
	Cut bool
}

// List lists a folder. The caller must keep others from the helpers, see [Store.Lock].
func (d *Store) List(ctx context.Context, name string) (Listing, error) {
	p, err := d.place(ctx)
	if err != nil {
		return Listing{}, err
	}
	rel, err := p.inVolume(d.Profile, name)
	if err != nil {
		return Listing{}, err
	}
	out, err := d.ask(ctx, name, "list", rel)
	if err != nil {
		return Listing{}, err
	}
	text, err := base64.StdEncoding.DecodeString(string(out))
	if err != nil {
		return Listing{}, err
	}
	entries := parseEntries(text)
	if len(text) >= maxListing && len(entries) > 0 {
		entries = entries[:len(entries)-1] // its name may be cut
	}
	entries = slices.DeleteFunc(entries, func(e Entry) bool { return isOurs(path.Join(rel, e.Name)) })
	slices.SortFunc(entries, func(a, b Entry) int {
		folder := func(e Entry) int {
			if e.Kind == KindFolder {
				return 0
			}
			return 1
		}
		return cmp.Or(cmp.Compare(folder(a), folder(b)), cmp.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(a.Name, b.Name))
	})
	l := Listing{Path: name, Entries: entries, Cut: len(text) >= maxListing || len(entries) > maxEntries}
	l.Entries = l.Entries[:min(len(l.Entries), maxEntries)]
	return l, nil
}

// parseEntries parses what lookScript tells of entries. A name can contain newlines, so
// what is no beginning of an entry is part of the name before.
func parseEntries(text []byte) []Entry {
	var entries []Entry
	for line := range strings.SplitSeq(strings.TrimSuffix(string(text), "\n"), "\n") {
		if e, ok := parseEntry(line); ok {
			entries = append(entries, e)
		} else if len(entries) > 0 {
			entries[len(entries)-1].Name += "\n" + line
		}
	}
	return entries
}

func parseEntry(line string) (e Entry, ok bool) {
	head, name, found := strings.Cut(line, " ./")
	field := strings.Split(head, " ")
	if !found || len(field) != 5 || name == "" || strings.Contains(name, "/") {
		return e, false
	}
	mode, err := strconv.ParseUint(field[0], 16, 32)
	var numbers [4]int64
	for i := range numbers {
		n, bad := strconv.ParseInt(field[i+1], 10, 64)
		numbers[i], err = n, errors.Join(err, bad)
	}
	e = Entry{Name: name, Size: max(0, numbers[0]), uid: int(numbers[1]), gid: int(numbers[2]), Modified: time.Unix(numbers[3], 0)}
	switch mode & 0o170000 {
	case 0o100000:
		e.Kind = KindFile
	case 0o040000:
		e.Kind = KindFolder
	case 0o120000:
		e.Kind = KindLink
	default:
		e.Kind = KindOther
	}
	return e, err == nil
}

// look is what is at a path of the volume. All paths are relative to its root.
type look struct {
	entry  Entry // its kind is empty when there is nothing
	folder string
	isDir  bool   // also of a link to a folder
	parent string // the folder that the path is in, without links
	base   string
}

// path returns the path of the entry itself, without links on the way there.
func (l look) path() string { return path.Join(l.parent, l.base) }

// look finds out what is at a path of the volume. The folder that it is in must exist;
// name is what the person calls the path.
func (d *Store) look(ctx context.Context, name, rel string) (l look, err error) {
	out, err := d.ask(ctx, name, "look", rel)
	if err != nil {
		return l, err
	}
	lines := strings.Split(string(out), "\n")
	if len(lines) < 3 {
		return l, errors.New("the helper told less than was asked")
	}
	var told [3]string
	for i := range told {
		text, bad := base64.StdEncoding.DecodeString(strings.TrimSpace(lines[i]))
		told[i], err = string(text), errors.Join(err, bad)
	}
	l.entry, _ = parseEntry(strings.TrimSuffix(told[0], "\n"))
	l.isDir, l.folder, l.parent = told[1] != "", strings.Trim(told[1], "/"), strings.Trim(told[2], "/")
	if rel != "" {
		l.base = path.Base(rel)
	}
	return l, err
}

// ask runs lookScript in a helper and returns what it prints.
func (d *Store) ask(ctx context.Context, name, what, rel string) (out []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	parent := path.Dir(rel)
	cmd := []string{"sh", "-c", lookScript, "sh", what, engine.HelperDataDir, rel, parent, strconv.Itoa(maxListing)}
	var answer error // what any image would say
	err = d.tryImages(ctx, func(image string) error {
		out, err = d.output(ctx, engine.HelperSpec{Image: image, Cmd: cmd, Volume: d.Profile.Volume()})
		switch code, _ := errors.AsType[exitCode](err); code {
		case lookAbsent:
			answer, err = noFileProblem(name), nil
		case lookOutside:
			answer, err = linkOutsideProblem(name), nil
		}
		return err
	})
	return out, cmp.Or(err, answer)
}

// exitCode is the error of a command that ended with another code than 0.
type exitCode int

func (c exitCode) Error() string { return i18n.T("problem.helperEnded", "code", int(c), "output", "") }

// output runs a helper and returns what it prints.
func (d *Store) output(ctx context.Context, spec engine.HelperSpec) (out []byte, err error) {
	id, err := d.create(ctx, spec)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.removeOne(ctx, id)) }()
	if err := d.start(ctx, id); err != nil {
		return nil, err
	}
	if err := d.Engine.Wait(ctx, id); err != nil {
		return nil, err
	}
	c, err := d.Engine.Inspect(ctx, id)
	if err != nil {
		return nil, err
	}
	if c.ExitCode != 0 {
		return nil, exitCode(c.ExitCode)
	}
	return d.printed(ctx, id)
}

// printed returns what a helper that has ended has printed before outputEnd.
func (d *Store) printed(ctx context.Context, helper string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, outputPatience)
	defer cancel()
	for {
		text, err := d.kept(ctx, helper)
		if err != nil {
			return nil, err
		}
		if told, whole := bytes.CutSuffix(text, []byte(outputEnd+"\n")); whole && (len(told) == 0 || told[len(told)-1] == '\n') {
			return told, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.New("the engine has kept only a part of what the helper told")
		case <-time.After(outputPause):
		}
	}
}

// kept returns what an engine has kept of a helper's output.
func (d *Store) kept(ctx context.Context, helper string) ([]byte, error) {
	log, err := d.Engine.Logs(ctx, engine.Container{ID: helper}, engine.LogQuery{Tail: -1})
	if err != nil {
		return nil, err
	}
	defer log.Close()
	var text bytes.Buffer
	_, err = text.ReadFrom(io.LimitReader(log, maxOutput+1))
	if text.Len() > maxOutput {
		return nil, errors.New("the helper told more than was asked")
	}
	return text.Bytes(), err
}

// removeOne removes a helper, also when ctx has ended.
func (d *Store) removeOne(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	return d.remove(ctx, id)
}
