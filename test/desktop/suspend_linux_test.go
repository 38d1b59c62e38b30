package desktop

import (
	"errors"
	"fmt"
	"slices"
	"syscall"
	"testing"
	"time"

	"colabtray/assets"
	"colabtray/test/testenv"
)

// A program that does not run for a while, as in a computer that sleeps, shows what is so
// when it goes on. It makes nothing anew, and tells what has changed, once.
func TestSuspended(t *testing.T) {
	t.Parallel()
	p := startSession(t, Options{}, testenv.Image(t, testenv.FakeJupyter))
	container := func() string {
		t.Helper()
		return testenv.Docker(t, "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", p.name)
	}
	told := func(want ...string) {
		t.Helper()
		testenv.WaitFor(t, "the notifications", func() error {
			var got []string
			for _, n := range p.Notes() {
				got = append(got, n.Summary)
			}
			if !slices.Equal(got, want) {
				return fmt.Errorf("they are %q, not %q", got, want)
			}
			return nil
		})
	}

	const ready, copied = "The runtime is ready", "Ready: the Backend URL is copied"
	p.clicksIcon(assets.Stopped)
	p.must(p.Note(t.Context(), ready))
	p.seesIcon(assets.Ready)
	before := container()
	p.sleeps(t, func() {}, assets.Ready)
	p.chooses(assets.Ready, "Copy Backend URL")
	p.answers(p.token())
	if after := container(); after != before {
		t.Errorf("the container was %s and is %s", before, after)
	}
	told(ready, copied)

	p.sleeps(t, func() { testenv.Docker(t, "stop", p.name) }, assets.Stopped)
	told(ready, copied)

	before = container()
	p.clicksIcon(assets.Stopped)
	testenv.WaitFor(t, "a start", func() error {
		if container() == before {
			return errors.New("there was none")
		}
		return nil
	})
	p.sleeps(t, func() {}, assets.Ready)
	told(ready, copied, "The runtime is ready, with a new Backend URL")
}

// asleep is how long a program does not run: longer than all of its times but those for
// what takes minutes.
const asleep = 20 * time.Second

// sleeps stops the program while something happens, and waits until it shows an icon then.
func (p *user) sleeps(t *testing.T, happens func(), shown assets.State) {
	t.Helper()
	p.must(p.program.Signal(syscall.SIGSTOP))
	happens()
	time.Sleep(asleep)
	awake := time.Now()
	p.must(p.program.Signal(syscall.SIGCONT))
	p.seesIcon(shown)
	t.Logf("it was right after %v", time.Since(awake))
}
