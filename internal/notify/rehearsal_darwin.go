package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/ebitengine/purego"
	"github.com/ebitengine/purego/objc"
)

// rehearsal is the variable of the environment that makes a process of this program a
// rehearsal.
const rehearsal = "COLAB_TRAY_REHEARSAL"

// Rehearse ends this process if it was started to try whether macOS lets it notify, once
// it has tried that. The main function calls it before anything else.
func Rehearse() {
	if os.Getenv(rehearsal) == "" {
		return
	}
	if err := rehearse(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	os.Exit(0)
}

// rehearsed returns an error unless another process of this program has rehearsed well.
func rehearsed(ctx context.Context) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program)
	cmd.Env = append(os.Environ(), rehearsal+"=1")
	cmd.WaitDelay = time.Second
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("a rehearsal has failed: %w: %s", err, oneLine(string(out)))
	}
	return nil
}

// rehearse does all that a notification takes, but for what a person would see and what
// other processes of this program would notice.
func rehearse() error {
	if _, err := load("Foundation"); err != nil {
		return err
	}
	if err := endAtException(); err != nil {
		return err
	}
	center, err := newSystemCenter(nobody{})
	if err != nil {
		return err
	}
	buttons := []button{{"one", "One"}, {"two", "Two"}}
	n := note{identifier: "rehearsal", title: "Title", body: "Body", category: category{"category", buttons}, sound: true, passive: true}
	err = pooled(func(m *messages) error {
		categorySet(m, []category{n.category})
		request(m, n)
		return nil
	})
	if err != nil {
		return err
	}
	replied := make(chan error, 1)
	if err := center.remove(n.identifier, func(err error) { replied <- err }); err != nil {
		return err
	}
	select {
	case err := <-replied:
		return err
	case <-time.After(openPatience):
		return errors.New("macOS' notification centre does not answer")
	}
}

// endAtException has an exception of Objective-C end this process with its reason, and
// without a report of a crash.
func endAtException() error {
	foundation, err := load("Foundation")
	if err != nil {
		return err
	}
	handle, err := purego.Dlsym(foundation, "NSSetUncaughtExceptionHandler")
	if err != nil {
		return err
	}
	purego.SyscallN(handle, purego.NewCallback(func(exception objc.ID) {
		fmt.Println(new(messages).text(exception, "reason"))
		os.Exit(1)
	}))
	return nil
}

// nobody is a listener that nothing is said to.
type nobody struct{}

func (nobody) responded(identifier, action string)                {}
func (nobody) presentation(identifier string) (none presentation) { return none }
