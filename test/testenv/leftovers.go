package testenv

import (
	"os/exec"
	"testing"
)

// AfterDeath has a shell script run when the test's process ends before the
// test's cleanup: killed, or by the time limit of go test, after
// which nothing else would remove what the test made. To be called before that is
// made, so that its own cleanup comes first.
func AfterDeath(t testing.TB, script string, args ...string) {
	t.Helper()
	// A line says that all is well. The end of the input says that nobody is left
	// to say so.
	guard := exec.Command("sh", append([]string{"-c", "trap '' HUP INT TERM; read -r _ || { " + script + "\n}", "sh"}, args...)...)
	ofItsOwn(guard)
	line, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_, _ = line.Write([]byte("\n"))
		_ = guard.Wait()
	})
}
