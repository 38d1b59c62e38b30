package docker_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/internal/engine/enginetest"
	"colabtray/test/testenv"
)

// startBox starts a box and puts the ssh that knows it first in PATH.
func startBox(t *testing.T) *testenv.Box {
	t.Helper()
	box := testenv.SSHD(t)
	t.Setenv("PATH", filepath.Dir(box.Program())+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	return box
}

// addressOf is the address of an engine of this computer as one on the box.
func addressOf(box *testenv.Box, host string) string {
	return box.Address() + strings.TrimPrefix(host, "unix://")
}

// TestContractOverSSH holds that an engine on a box behaves as one here. All of the
// suite goes through one connection.
func TestContractOverSSH(t *testing.T) {
	testenv.Takes(t, "it runs containers on a real engine")
	host := testenv.Engine(t)
	box := startBox(t)
	e := connected(t, addressOf(box, host))
	enginetest.Run(t, func(t *testing.T) enginetest.Site {
		return site(t, e, host, testenv.Image(t, testenv.Server2), testenv.RuntimeName)
	})
}
