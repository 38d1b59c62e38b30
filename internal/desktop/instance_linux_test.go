package desktop

import (
	"path/filepath"
	"testing"
)

func TestAcquire(t *testing.T) {
	dir := t.TempDir()
	release, first, err := Acquire(dir)
	if err != nil || !first {
		t.Fatalf("first: %v, %v", first, err)
	}
	if outcome, _ := startChild(t, "lock", dir); outcome != "false <nil>" {
		t.Errorf("a second process got %q", outcome)
	}
	if other, first, err := Acquire(dir); err != nil || first {
		t.Errorf("second in this process: %v, %v", first, err)
	} else {
		other() // this must not release the lock of the first instance
	}
	if outcome, _ := startChild(t, "lock", dir); outcome != "false <nil>" {
		t.Errorf("after the second let go, a process got %q", outcome)
	}
	release()
	release()

	outcome, kill := startChild(t, "lock", dir)
	if outcome != "true <nil>" {
		t.Errorf("after the release a process got %q", outcome)
	}
	kill() // a crash releases the lock, too
	release, first, err = Acquire(dir)
	if err != nil || !first {
		t.Errorf("after the kill: %v, %v", first, err)
	}
	release()
}

func TestAcquireWithoutDirectory(t *testing.T) {
	release, first, err := Acquire(filepath.Join(t.TempDir(), "none"))
	if err == nil || first {
		t.Errorf("got %v, %v", first, err)
	}
	release()
}
