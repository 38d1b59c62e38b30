package testenv

import (
	"os"
	"testing"
)

// Full reports whether to test every combination of engine and server, because CI is
// set in the environment. Otherwise the tests use each of them, but not in every
// combination.
func Full() bool { return os.Getenv("CI") != "" }

// Takes skips a test that takes seconds if go test runs with -short. why completes the
// message "takes long: ...".
func Takes(t testing.TB, why string) {
	t.Helper()
	if testing.Short() {
		t.Skip("takes long: " + why)
	}
}
