package enginetest

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing/fstest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

func dialing(route engine.Route) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) { return route.Dial(ctx) }
}

// ability returns the engine with an ability, and skips the test when the engine lacks
// the ability.
func ability[A any](s *suite) A {
	s.Helper()
	a, has := engine.As[A](s.Engine)
	if !has {
		s.Skip("the engine does not have the ability")
	}
	return a
}

func (s *suite) replacer() {
	r := ability[engine.Replacer](s)
	spec := s.spec(Lives)
	name := spec.Name
	id := s.create(spec)
	spec.Name = name + "-next"
	next := s.create(spec)
	defer func() { s.must(s.Engine.Remove(s.ctx, id)) }() // its name changes below
	s.is("renaming to a name in use", r.Rename(s.ctx, next, name), engine.ErrConflict)
	s.must(r.Rename(s.ctx, id, name+"-previous"))
	s.must(r.Rename(s.ctx, next, name))
	ids, err := r.Named(s.ctx, name)
	s.must(err)
	if len(ids) != 2 || ids[name+"-previous"] != id || ids[name] != next {
		s.Errorf("the containers of the runtime are %v", ids)
	}
	if c := s.inspect(name); c.ID != next {
		s.Errorf("the name belongs to %s", c.ID)
	}
	if old, c := s.inspect(name+"-previous"), s.inspect(name); old.MadeAt.IsZero() || c.MadeAt.Before(old.MadeAt) {
		s.Errorf("the containers were made at %v and %v", old.MadeAt, c.MadeAt)
	}
	s.is("renaming a missing container", r.Rename(s.ctx, name+"-next", name+"-more"), engine.ErrNotFound)
}

func (s *suite) tagger() {
	tagger := ability[engine.Tagger](s)
	s.must(s.Engine.Pull(s.ctx, s.Published, "", func(engine.Progress) {}))
	defer func() { s.must(tagger.Untag(s.ctx, s.Published)) }()
	image, err := s.Engine.Image(s.ctx, s.Published, "")
	s.must(err)
	name := "localhost/colab-tray/suite:" + s.Name(s.T)
	s.must(tagger.Tag(s.ctx, image.ID, name))
	if tagged, err := s.Engine.Image(s.ctx, name, ""); err != nil || tagged.ID != image.ID {
		s.Errorf("by its new name the image is %+v, %v", tagged, err)
	}
	s.must(tagger.Untag(s.ctx, name))
	if tagged, err := s.Engine.Image(s.ctx, name, ""); err != nil || tagged.ID != "" {
		s.Errorf("without its new name the image is %+v, %v", tagged, err)
	}
	if image, err := s.Engine.Image(s.ctx, s.Published, ""); err != nil || image.ID == "" {
		s.Errorf("by its other name the image is %+v, %v", image, err)
	}
	s.is("removing a missing name", tagger.Untag(s.ctx, name), engine.ErrNotFound)
}

func (s *suite) remoteImages() {
	remote := ability[engine.RemoteImages](s)
	digest, err := remote.RemoteDigest(s.ctx, s.Published)
	if errors.Is(err, engine.ErrLacks) {
		s.Skip("the engine turned out not to have the ability")
	}
	s.must(err)
	if image, err := s.Engine.Image(s.ctx, s.Published, ""); err != nil || image.ID != "" {
		s.Errorf("the image that was only asked for is %+v, %v", image, err)
	}
	s.must(s.Engine.Pull(s.ctx, s.Published, "", func(engine.Progress) {}))
	if tagger, has := engine.As[engine.Tagger](s.Engine); has {
		defer func() { s.must(tagger.Untag(s.ctx, s.Published)) }()
	}
	if image, err := s.Engine.Image(s.ctx, s.Published, ""); err != nil || !slices.Contains(image.Digests, digest) {
		s.Errorf("the registry has %s, and the image that was pulled is %+v, %v", digest, image, err)
	}
	_, err = remote.RemoteDigest(s.ctx, s.Missing)
	s.is("an image that nobody has", err, engine.ErrImageNotFound)
	ctx, cancel := context.WithCancel(s.ctx)
	cancel()
	_, err = remote.RemoteDigest(ctx, s.Published)
	s.is("nobody waits", err, context.Canceled)
}

func (s *suite) differ() {
	d := ability[engine.Differ](s)
	id := s.create(s.spec(Lives))
	s.must(s.Engine.Put(s.ctx, id, fstest.MapFS{"opt/suite.txt": {Data: []byte("a")}, "etc/passwd": {Data: []byte("root:x:0:0::/root:/bin/sh\n")}}, time.Unix(1e9, 0)))
	added, changed, err := d.Changed(s.ctx, id)
	s.must(err)
	if !slices.Contains(added, "/opt/suite.txt") || slices.Contains(added, "/etc/passwd") || !slices.Contains(changed, "/etc/passwd") {
		s.Errorf("added paths %q, changed paths %q", added, changed)
	}
	if mounted := func(name string) bool { return strings.HasPrefix(name, home+"/") }; slices.ContainsFunc(added, mounted) {
		s.Errorf("paths of a mount are not left out: %q", added)
	}
}

func (s *suite) meter() {
	m := ability[engine.Meter](s)
	c := s.run(Lives)
	measured, over := make(chan engine.Usage, 100), make(chan error, 1)
	go func() { over <- m.Stats(s.ctx, c.ID, func(u engine.Usage) { measured <- u }) }()
	select {
	case u := <-measured:
		if u.At.IsZero() || u.CPU < 0 || u.CPUs < 1 {
			s.Errorf("the usage is %+v", u)
		}
	case err := <-over:
		s.Fatalf("no use is told: %v", err)
	}
	s.must(s.Engine.Stop(s.ctx, c.ID, 0))
	<-over // the stream may end with an error
}

func (s *suite) executor() {
	x := ability[engine.Executor](s)
	c := s.run(Lives)
	stdout, stderr, err := x.Exec(s.ctx, c.ID, []string{"sh", "-c", Speaks})
	if err != nil || stdout != "out\n" || stderr != "err\n" {
		s.Errorf("the output is %q and %q, %v", stdout, stderr, err)
	}
	s.must(s.Engine.Stop(s.ctx, c.ID, 0))
	if _, _, err := x.Exec(s.ctx, c.ID, []string{"sh", "-c", Speaks}); err == nil {
		s.Error("a command was run in a container that does not run")
	}
}

func (s *suite) attacher() {
	a := ability[engine.Attacher](s)
	c := s.run(Lives)
	var out, errOut strings.Builder
	code, err := a.Attach(s.ctx, c.ID, engine.Command{
		Args: []string{"sh", "-c", Talks}, Dir: "/tmp", Env: []string{"WORD=said"},
		Stdin: strings.NewReader("in\x00\xff\n"), Stdout: &out, Stderr: &errOut,
	})
	if err != nil || code != 4 || out.String() != "in\x00\xff\n/tmp\nsaid\n" || errOut.String() != "err\n" {
		s.Errorf("exit code %d, output %q and %q, %v", code, &out, &errOut, err)
	}

	keys, typing := io.Pipe()
	shown, screen := io.Pipe()
	sizes := make(chan engine.TerminalSize, 1)
	sizes <- engine.TerminalSize{Rows: 33, Columns: 99}
	over := make(chan error, 1)
	go func() {
		code, err := a.Attach(s.ctx, c.ID, engine.Command{Args: []string{"sh", "-c", Sizes}, Stdin: keys, Stdout: screen, Terminal: sizes})
		if err == nil && code != 5 {
			err = fmt.Errorf("exit code %d", code)
		}
		_ = screen.CloseWithError(io.EOF)
		over <- err
	}()
	lines := bufio.NewScanner(shown)
	until := func(want string) {
		s.Helper()
		for lines.Scan() {
			if strings.TrimSpace(lines.Text()) == want {
				return
			}
			_, _ = io.WriteString(typing, "again\n") // the size arrives when it does
		}
		s.Fatalf("the terminal never had the size %s", want)
	}
	until("33 99")
	sizes <- engine.TerminalSize{Rows: 44, Columns: 111}
	_, _ = io.WriteString(typing, "again\n")
	until("44 111")
	go func(rest io.Reader) { _, _ = io.Copy(io.Discard, rest) }(shown)
	_, _ = io.WriteString(typing, "\n")
	s.must(<-over)
	_ = typing.Close()

	ctx, cancel := context.WithCancel(s.ctx)
	keys, typing = io.Pipe()
	defer typing.Close()
	shown, screen = io.Pipe()
	go func() {
		_, err := a.Attach(ctx, c.ID, engine.Command{Args: []string{"sh", "-c", Lives}, Stdin: keys, Stdout: screen, Stderr: io.Discard})
		over <- err
	}()
	if !bufio.NewScanner(shown).Scan() {
		s.Error("a command that goes on wrote nothing")
	}
	cancel()
	s.is("when the context ends", <-over, context.Canceled)
	s.must(s.Engine.Stop(s.ctx, c.ID, 0))
	_, err = a.Attach(s.ctx, c.ID, engine.Command{Args: []string{"sh", "-c", Talks}, Stdin: strings.NewReader(""), Stdout: &out, Stderr: &errOut})
	if err == nil {
		s.Error("a command was run in a container that does not run")
	}
}

func (s *suite) volumes() {
	v := ability[engine.Volumes](s)
	spec := s.spec(Lives)
	has := func(want bool) {
		s.Helper()
		if there, err := v.HasVolume(s.ctx, spec.Volume); err != nil || there != want {
			s.Errorf("the volume exists: %t, %v", there, err)
		}
	}
	has(false)
	for _, want := range []bool{true, false} {
		if made, err := v.EnsureVolume(s.ctx, spec); err != nil || made != want {
			s.Errorf("the volume was made: %t, %v", made, err)
		}
	}
	has(true)
	id := s.create(spec)
	users := func(running bool, want ...string) {
		s.Helper()
		if names, err := v.VolumeUsers(s.ctx, spec.Volume, running); err != nil || !slices.Equal(names, want) {
			s.Errorf("the volume is used by %q, %v", names, err)
		}
	}
	users(false, spec.Name)
	users(true)
	s.must(s.Engine.Start(s.ctx, id))
	users(true, spec.Name)
	if v.RemoveVolume(s.ctx, spec.Volume) == nil {
		s.Error("a volume in use was removed")
	}
	s.must(s.Engine.Stop(s.ctx, id, 0))
	s.must(s.Engine.Remove(s.ctx, id))
	has(true)
	s.must(v.RemoveVolume(s.ctx, spec.Volume))
	has(false)
	s.is("removing a missing volume", v.RemoveVolume(s.ctx, spec.Volume), engine.ErrNotFound)
}

func (s *suite) helpers() {
	v := ability[engine.Volumes](s)
	spec := s.spec(Lives)
	_, err := v.EnsureVolume(s.ctx, spec)
	s.must(err)
	helper, err := v.CreateHelper(s.ctx, engine.ReadingHelper(spec.Name, s.Image, spec.Volume, engine.HelperDataDir))
	s.must(err)
	defer func() {
		s.must(v.RemoveHelper(s.ctx, helper))
		s.must(v.RemoveHelper(s.ctx, helper)) // removing it again is no error
		if all, err := v.Helpers(s.ctx, spec.Name); err != nil || len(all) != 0 {
			s.Errorf("helpers left: %v, %v", all, err)
		}
	}()
	all, err := v.Helpers(s.ctx, spec.Name)
	if err != nil || len(all) != 1 || all[0].ID != helper || all[0].Writes {
		s.Errorf("the helpers are %v, %v", all, err)
	}
	if others, err := v.Helpers(s.ctx, s.Name(s.T)); err != nil || len(others) != 0 {
		s.Errorf("the helpers of another runtime are %v, %v", others, err)
	}
	var packed bytes.Buffer
	w := tar.NewWriter(&packed)
	for name, text := range map[string]string{"a.txt": "a", "dev": "named like one of the system's"} {
		s.must(w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: 0o600, Uid: 1000, Gid: 100, Size: int64(len(text))}))
		_, _ = io.WriteString(w, text)
	}
	s.must(w.Close())
	s.must(v.Unpack(s.ctx, helper, engine.HelperDataDir, &packed))
	texts, headers := s.entries(v.ReadHelper(s.ctx, helper, engine.HelperDataDir))
	read := map[string]string{}
	for name, text := range texts {
		_, relativeTo, _ := strings.Cut(strings.Trim(name, "/"), "/")
		read[relativeTo] = text
		if h := headers[name]; relativeTo != "" && (h.Uid != 1000 || h.Gid != 100 || h.Mode&0o777 != 0o600) {
			s.Errorf("%s is %+v", name, h)
		}
	}
	if len(read) != 3 || read["a.txt"] != "a" || read["dev"] == "" {
		s.Errorf("the volume has %q", texts)
	}
}

func (s *suite) remaker() {
	r := ability[engine.Remaker](s)
	spec := s.spec(Lives)
	spec.Env = []config.Variable{{Name: "WORD", Value: secret.New("first")}}
	other := spec
	other.Labels = map[string]string{engine.LabelRuntime: spec.Name, engine.LabelSettings: "2"}
	other.Env = []config.Variable{{Name: "WORD", Value: secret.New("second")}}
	id := s.create(spec)
	made := func(word string, reserve, ran bool) {
		s.Helper()
		c := s.inspect(spec.Name)
		settings := map[string]string{"first": "1", "second": "2"}[word]
		if c.ID != id || c.Running || engine.Environment(c.Env, "WORD") != word || c.Labels[engine.LabelSettings] != settings || c.RemadeAt.IsZero() == reserve || c.StartedAt.IsZero() == ran {
			s.Errorf("made from the %s spec, in reserve: %t, ran: %t, it is %+v", word, reserve, ran, c)
		}
	}
	s.start(id)
	s.is("making anew what runs", r.Remake(s.ctx, id, other), engine.ErrConflict)
	s.must(s.Engine.Stop(s.ctx, id, 0))
	missing := other
	missing.Image = s.Missing
	s.is("from a missing image", r.CanMake(s.ctx, missing), engine.ErrNotFound)
	s.is("from a missing image", r.Remake(s.ctx, id, missing), engine.ErrNotFound)
	made("first", false, true)

	s.must(r.CanMake(s.ctx, other))
	s.must(r.Remake(s.ctx, id, other))
	made("second", true, false)
	s.is("over what is in reserve", r.Remake(s.ctx, id, spec), engine.ErrConflict)
	s.start(id)
	s.is("going back while it runs", r.Unmake(s.ctx, id), engine.ErrConflict)
	s.must(s.Engine.Stop(s.ctx, id, 0))
	for range 2 { // the second time there is nothing in reserve
		s.must(r.Unmake(s.ctx, id))
		made("first", false, true)
	}
	s.must(r.Remake(s.ctx, id, other))
	s.start(id)
	s.must(r.Keep(s.ctx, id))
	s.must(s.Engine.Stop(s.ctx, id, 0))
	s.must(r.Unmake(s.ctx, id))
	made("second", false, true)
	s.must(r.Remake(s.ctx, id, spec))
	made("first", true, false)
	s.must(s.Engine.Remove(s.ctx, id))
	s.is("making anew what is not there", r.Remake(s.ctx, id, spec), engine.ErrNotFound)
}
