package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// newClusterTerminal returns a terminal of a person with a namespace of the cluster, and
// the name of the runtime there.
func newClusterTerminal(t *testing.T, cluster *testenv.KubernetesCluster, who, settings string) (c *terminal, name string) {
	t.Helper()
	home, err := os.MkdirTemp("", "ct") // whose path leaves room for the names of sockets
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(home) })
	c = &terminal{t, []string{
		"PATH=" + cluster.Programs() + ":" + os.Getenv("PATH"), "KUBECONFIG=" + cluster.Kubeconfig(), "HOME=" + home,
		"XDG_CONFIG_HOME=" + home, "XDG_STATE_HOME=" + home + "/s", "XDG_RUNTIME_DIR=" + home,
	}}
	name = cluster.RuntimeName(t, who)
	c.settings(fmt.Sprintf("[profiles.jupyter]\nname = %q\nimage = %q\nport = %d\nengine = %q\ntoken = \"keep\"\n%s",
		name, cluster.Image(t, testenv.Server2), testenv.FreePort(t), "kubernetes://"+who+"/"+cluster.Namespace(who), settings))
	return c, name
}

// TestRuntimeInCluster: in a namespace of a cluster, with a GPU that it has free and no
// rights but those that are needed, a runtime is started and used. Its files outlive its
// pod, and its token is nowhere but in its secret.
func TestRuntimeInCluster(t *testing.T) {
	testenv.Takes(t, "it runs Jupyter on a real cluster")
	t.Parallel()
	cluster := testenv.Cluster(t)
	const who = "bob"
	c, name := newClusterTerminal(t, cluster, who, "gpu = 1\n")
	home := c.get("HOME")
	kubectl := func(args ...string) string {
		t.Helper()
		return cluster.Kubectl(t, append([]string{"--namespace=" + cluster.Namespace(who)}, args...)...)
	}

	h := c.hold()
	if !answers(t, h.url) {
		t.Error("the Backend URL does not answer")
	}
	out, _ := c.run(0, "status")
	has(t, out, name+": ready at port", "(on "+who+")")
	file := filepath.Join(home, "precious.txt")
	if err := os.WriteFile(file, []byte("precious\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.run(0, "cp", file, ":")
	if out, _ = c.run(0, "shell", "--", "cat", "precious.txt"); out != "precious\n" {
		t.Errorf("in the runtime the file is %q", out)
	}
	if _, errs := c.run(7, "shell", "--", "sh", "-c", "echo aside >&2; exit 7"); errs != "aside\n" {
		t.Errorf("a command said %q", errs)
	}
	out, errs := c.run(0, "logs")
	token := strings.Split(h.url, "token=")[1]
	has(t, out, "[redacted]")
	for what, text := range map[string]string{
		"logs":              out + errs,
		"kubectl describe":  kubectl("describe", "pods,configmaps,persistentvolumeclaims,secrets"),
		"objects":           kubectl("get", "pods,configmaps,persistentvolumeclaims,events", "--output=yaml"),
		"a command's words": arguments(t),
	} {
		if strings.Contains(text, token) {
			t.Errorf("the token is in %s", what)
		}
	}

	h.interrupt(t)
	c.run(0, "stop")
	const selected = "--selector=app.kubernetes.io/instance="
	if pods := kubectl("get", "pods", selected+name, "--output=name"); pods != "" {
		t.Errorf("after a stop there are %s", pods)
	}
	if claims := kubectl("get", "persistentvolumeclaims", selected+name, "--output=name"); claims != "persistentvolumeclaim/"+name+"-data" {
		t.Errorf("after a stop there are the claims %q", claims)
	}
	c.run(0, "cp", ":precious.txt", filepath.Join(home, "copy.txt"))
	if got := c.read(filepath.Join(home, "copy.txt")); got != "precious\n" {
		t.Errorf("the file that was copied is %q", got)
	}
	h = c.hold()
	if out, _ = c.run(0, "shell", "--", "cat", "precious.txt"); out != "precious\n" {
		t.Errorf("after a new start the file is %q", out)
	}
	h.interrupt(t)
	c.run(0, "delete", "--data", "--no-backup", "--yes")
	if left := kubectl("get", "pods,configmaps,secrets,persistentvolumeclaims", selected+name, "--output=name"); left != "" {
		t.Errorf("after the deletion there are %s", left)
	}
}

// arguments returns the command lines of all processes.
func arguments(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		words, _ := os.ReadFile(file) // it may have ended
		all.Write(words)
		all.WriteByte('\n')
	}
	return all.String()
}

// TestNodeDrained: a runtime whose node is emptied has failed for that reason, and starts
// again with its data once there is room.
func TestNodeDrained(t *testing.T) {
	testenv.Takes(t, "it runs Jupyter on a real cluster")
	t.Parallel()
	cluster := testenv.Cluster(t)
	c, name := newClusterTerminal(t, cluster, "bob", "")
	h := c.hold()
	c.run(0, "shell", "--", "sh", "-c", "echo precious >precious.txt")
	t.Cleanup(func() { cluster.Kubectl(t, "uncordon", "node") })
	cluster.Kubectl(t, "drain", "node", "--force", "--pod-selector=app.kubernetes.io/instance="+name)
	_ = h.Wait()
	if told := h.errs.String(); h.ProcessState.ExitCode() != 1 || !strings.Contains(told, "The computer on which the runtime ran is gone") && !strings.Contains(told, "Somebody else has ended the runtime") {
		t.Errorf("it ended with %s\n%s", h.ProcessState, told)
	}
	_, errs := c.run(1, "status") // which was not there
	has(t, errs, "Somebody else has ended the runtime", "The data are kept")
	cluster.Kubectl(t, "uncordon", "node")

	h = c.hold()
	if out, _ := c.run(0, "shell", "--", "cat", "precious.txt"); out != "precious\n" {
		t.Errorf("after a drain the file is %q", out)
	}
	h.interrupt(t)
	c.run(0, "delete", "--data", "--no-backup", "--yes")
}
