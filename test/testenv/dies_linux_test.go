package testenv_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestDeathLeavesNothing runs this very test in a process that ends once it
// has a container, a volume and a network, without a cleanup.
func TestDeathLeavesNothing(t *testing.T) {
	const role = "COLAB_TRAY_TEST_DIES"
	if os.Getenv(role) != "" {
		testenv.NewNetwork(t)
		name := testenv.RuntimeName(t)
		testenv.Docker(t, "create", "--name", name+"-next", "--volume", name+"-data:/data", testenv.Image(t, testenv.FakeJupyter))
		os.Stdout.WriteString("\nname " + name + "\n")
		os.Exit(2) // without a cleanup, as at the end of its time
	}
	t.Parallel()
	testenv.Takes(t, "a container has to be made and removed")
	testenv.Image(t, testenv.FakeJupyter)
	dies := exec.Command(os.Args[0], "-test.run=^TestDeathLeavesNothing$")
	dies.Env = append(os.Environ(), role+"=1")
	out, err := dies.Output()
	_, name, found := strings.Cut(string(out), "\nname ")
	name, _, _ = strings.Cut(name, "\n")
	if err == nil || !found {
		t.Fatalf("it did not die as it should: %v: %s", err, out)
	}
	testenv.WaitFor(t, "nothing of "+name, func() error {
		for _, list := range [][]string{{"ps", "--all"}, {"volume", "ls"}} {
			if left := testenv.Docker(t, append(list, "--quiet", "--filter", "name="+name)...); left != "" {
				return fmt.Errorf("%s is left", left)
			}
		}
		return nil
	})
}
