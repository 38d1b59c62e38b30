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
	over, err := GuardProcess(script, args...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(over)
}

// GuardProcess is [AfterDeath] for what a process makes for all of its tests: the script
// runs if the process ends before it calls over.
func GuardProcess(script string, args ...string) (over func(), err error) {
	// A line on its input tells the script that over was called. The end of the input
	// without a line means that the process is dead.
	guard := exec.Command("sh", append([]string{"-c", "trap '' HUP INT TERM; read -r _ || { " + script + "\n}", "sh"}, args...)...)
	ofItsOwn(guard)
	line, err := guard.StdinPipe()
	if err == nil {
		err = guard.Start()
	}
	return func() {
		_, _ = line.Write([]byte("\n"))
		_ = guard.Wait()
	}, err
}
