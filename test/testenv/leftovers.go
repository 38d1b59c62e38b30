package testenv

import (
	"os/exec"
	"testing"
)

// AfterDeath runs a shell script if the test's process ends before the test's cleanup:
// it was killed, or go test's time limit was over, and nothing else would remove what
// the test made. Call it before making that, so that the test's own cleanup comes
// first.
func AfterDeath(t testing.TB, script string, args ...string) {
	t.Helper()
	// A line on its input tells the script that the cleanup ran. The end of the input
	// without a line means that the test's process is dead.
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
