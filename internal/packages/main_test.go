package packages_test

import (
	"os"
	"testing"

	"colabtray/test/testenv"
)

func TestMain(m *testing.M) {
	code := m.Run()
	testenv.End(os.Stderr)
	os.Exit(code)
}
