package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
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

// TestEndedByCluster: a runtime whose node ran out of disk, and one whose node is emptied,
// have failed for that reason. Each starts again with its data, once there is room.
func TestEndedByCluster(t *testing.T) {
	testenv.Takes(t, "it runs Jupyter on a real cluster")
	t.Parallel()
	cluster := testenv.Cluster(t)
	const who = "bob"
	c, name := newClusterTerminal(t, cluster, who, "")
	// With a limit of the disk, which the namespace gives each pod, the node evicts.
	limits := filepath.Join(c.get("HOME"), "limits.yaml")
	const text = `apiVersion: v1
kind: LimitRange
metadata: {name: disk}
spec: {limits: [{type: Container, default: {ephemeral-storage: 50Mi}}]}
`
	if err := os.WriteFile(limits, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	namespace := "--namespace=" + cluster.Namespace(who)
	cluster.Kubectl(t, namespace, "apply", "--filename="+limits)
	t.Cleanup(func() { cluster.Kubectl(t, namespace, "delete", "--ignore-not-found", "--filename="+limits) })

	h := c.hold()
	c.run(0, "shell", "--", "sh", "-c", "echo precious >precious.txt; head -c 200M /dev/zero >/tmp/large")
	// Of one that ends well, a node does not tell why it has ended it.
	h.fails(t, "its computer ran short of memory or disk", "Somebody else has ended the runtime")
	c.hasFailed("its computer ran short of memory or disk", "Somebody else has ended the runtime")
	cluster.Kubectl(t, namespace, "delete", "--filename="+limits)

	h = c.hold()
	if out, _ := c.run(0, "shell", "--", "cat", "precious.txt"); out != "precious\n" {
		t.Errorf("after an eviction the file is %q", out)
	}
	t.Cleanup(func() { cluster.Kubectl(t, "uncordon", "node") })
	cluster.Kubectl(t, "drain", "node", "--force", "--pod-selector=app.kubernetes.io/instance="+name)
	// Who was not there knows that it was ended, and no more.
	h.fails(t, "The computer on which the runtime ran is gone", "Somebody else has ended the runtime")
	c.hasFailed("Somebody else has ended the runtime")
	cluster.Kubectl(t, "uncordon", "node")

	h = c.hold()
	if out, _ := c.run(0, "shell", "--", "cat", "precious.txt"); out != "precious\n" {
		t.Errorf("after a drain the file is %q", out)
	}
	h.interrupt(t)
	c.run(0, "delete", "--data", "--no-backup", "--yes")
}

// hasFailed wants the status to tell one of these reasons.
func (c *terminal) hasFailed(reasons ...string) {
	c.t.Helper()
	_, errs := c.run(1, "status")
	hasOne(c.t, errs, reasons)
	has(c.t, errs, "The data are kept")
}

// fails waits until it ends because the runtime has failed, for one of these reasons.
func (h *holding) fails(t *testing.T, reasons ...string) {
	t.Helper()
	_ = h.Wait()
	if code := h.ProcessState.ExitCode(); code != 1 {
		t.Errorf("it ended with %d", code)
	}
	hasOne(t, h.errs.String(), reasons)
}

func hasOne(t *testing.T, text string, parts []string) {
	t.Helper()
	if !slices.ContainsFunc(parts, func(part string) bool { return strings.Contains(text, part) }) {
		t.Errorf("none of %q is in:\n%s", parts, text)
	}
}
