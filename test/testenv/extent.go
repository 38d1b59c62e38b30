package testenv

import (
	"os"
	"testing"
)

// Dump reports whether all is to be tested, on each engine and with each kind of
// server, because CI is set in the environment. Otherwise each of them takes part,
// but not in each combination.
func Dump() bool { return os.Getenv("CI") != "" }

// Takes skips a test with -short that takes seconds. Why it does reads on from
// "takes long:".
func Takes(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: " + why)
	}
}
