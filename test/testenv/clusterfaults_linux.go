package testenv

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"sync"
	"testing"
)

// KillAPI kills the API server: nobody listens until start is called.
func (c *KubernetesCluster) KillAPI(t testing.TB) (start func()) {
	t.Helper()
	script := filepath.Join(c.dir, "cluster")
	run := func(command string) {
		t.Helper()
		if out, err := exec.Command(script, command).CombinedOutput(); err != nil {
			t.Errorf("%s %s: %v\n%s", script, command, err, out)
		}
	}
	AfterDeath(t, `"$1" start-api`, script)
	run("kill-api")
	start = sync.OnceFunc(func() { run("start-api") })
	t.Cleanup(start)
	return start
}

// Silence makes all packets vanish of the connections that a process has to the API
// server now.
func (c *KubernetesCluster) Silence(t testing.TB, pid int) {
	t.Helper()
	NeedCommand(t, "iptables")
	out, err := exec.Command("ss", "-Hntp", "state", "established", "dst", clusterNode).CombinedOutput()
	if err != nil {
		t.Fatalf("ss: %v: %s", err, out)
	}
	line := regexp.MustCompile(`(?m)^\S+\s+\S+\s+\S+:([0-9]+)\s.*\bpid=` + strconv.Itoa(pid) + `,`)
	found := line.FindAllSubmatch(out, -1)
	if len(found) == 0 {
		t.Fatalf("the process %d has no connection to the cluster:\n%s", pid, out)
	}
	const script = `iptables --wait "$1" INPUT --in-interface colab-cluster --protocol tcp --dport "$2" --jump DROP
iptables --wait "$1" OUTPUT --out-interface colab-cluster --protocol tcp --sport "$2" --jump DROP`
	for _, port := range found {
		change := func(how string) {
			if out, err := exec.Command("sh", "-ec", script, "sh", how, string(port[1])).CombinedOutput(); err != nil {
				t.Errorf("the packet filter: %v: %s", err, out)
			}
		}
		AfterDeath(t, script, "--delete", string(port[1]))
		change("--insert")
		t.Cleanup(func() { change("--delete") })
	}
}

// WithoutDefaultClass lets no storage class be the default one until restore is called.
func (c *KubernetesCluster) WithoutDefaultClass(t testing.TB) (restore func()) {
	t.Helper()
	const class, mark = "storageclass/disk", "storageclass.kubernetes.io/is-default-class"
	AfterDeath(t, `KUBECONFIG=$1 exec "$2/kubectl" annotate --overwrite "$3" "$4=true"`, c.Kubeconfig(), c.Programs(), class, mark)
	restore = sync.OnceFunc(func() { c.Kubectl(t, "annotate", "--overwrite", class, mark+"=true") })
	t.Cleanup(restore)
	c.Kubectl(t, "annotate", "--overwrite", class, mark+"=false")
	return restore
}

// Urge has a pod that takes all GPUs of the cluster in a person's namespace, and is more
// urgent than any other. It goes when done is called.
func (c *KubernetesCluster) Urge(t testing.TB, who, image string) (done func()) {
	t.Helper()
	name := c.RuntimeName(t, who)
	file := filepath.Join(t.TempDir(), "urgent.yaml")
	text := fmt.Sprintf(`apiVersion: scheduling.k8s.io/v1
kind: PriorityClass
metadata: {name: %[1]s}
value: 1000
---
apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: %[2]s, labels: {app.kubernetes.io/instance: %[1]s}}
spec:
  priorityClassName: %[1]s
  terminationGracePeriodSeconds: 1
  securityContext: {runAsNonRoot: true, runAsUser: 1000, seccompProfile: {type: RuntimeDefault}}
  containers:
  - {name: main, image: %[3]q, command: [sleep, "3600"], resources: {limits: {nvidia.com/gpu: "2"}},
     securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
`, name, c.Namespace(who), image)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	AfterDeath(t, `KUBECONFIG=$1 exec "$2/kubectl" delete priorityclass "$3"`, c.Kubeconfig(), c.Programs(), name)
	done = sync.OnceFunc(func() { c.Kubectl(t, "delete", "--ignore-not-found", "--filename="+file) })
	t.Cleanup(done)
	c.Kubectl(t, "apply", "--filename="+file)
	return done
}

// WithClaim runs a script with a claim of a person at /volume, in a pod of an image, and
// returns its output.
func (c *KubernetesCluster) WithClaim(t testing.TB, who, claim, image, script string) string {
	t.Helper()
	namespace, name := "--namespace="+c.Namespace(who), c.RuntimeName(t, who)
	file := filepath.Join(t.TempDir(), "script.yaml")
	text := fmt.Sprintf(`apiVersion: v1
kind: Pod
metadata: {name: %[1]s, labels: {app.kubernetes.io/instance: %[1]s}}
spec:
  restartPolicy: Never
  securityContext: {runAsNonRoot: true, runAsUser: 1000, fsGroup: 100, seccompProfile: {type: RuntimeDefault}}
  volumes: [{name: volume, persistentVolumeClaim: {claimName: %[2]q}}]
  containers:
  - {name: main, image: %[3]q, command: [sh, -ec, %[4]q], volumeMounts: [{name: volume, mountPath: /volume}],
     securityContext: {allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}}}
`, name, claim, image, script)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Kubectl(t, namespace, "apply", "--filename="+file)
	c.Kubectl(t, namespace, "wait", "pod/"+name, "--for=jsonpath={.status.phase}=Succeeded", "--timeout=2m")
	out := c.Kubectl(t, namespace, "logs", name)
	c.Kubectl(t, namespace, "delete", "pod", name, "--grace-period=1")
	return out
}

// Drain empties the node of the pods of a runtime, and lets no others begin there until
// Uncordon is called.
func (c *KubernetesCluster) Drain(t testing.TB, runtime string) {
	t.Helper()
	node := c.Kubectl(t, "get", "nodes", "--output=jsonpath={.items[0].metadata.name}")
	AfterDeath(t, `KUBECONFIG=$1 exec "$2/kubectl" uncordon "$3"`, c.Kubeconfig(), c.Programs(), node)
	t.Cleanup(func() { c.Uncordon(t) })
	c.Kubectl(t, "drain", node, "--force", "--ignore-daemonsets", "--delete-emptydir-data", "--pod-selector=app.kubernetes.io/instance="+runtime)
}

// Uncordon lets pods begin on the node again.
func (c *KubernetesCluster) Uncordon(t testing.TB) {
	t.Helper()
	c.Kubectl(t, "uncordon", c.Kubectl(t, "get", "nodes", "--output=jsonpath={.items[0].metadata.name}"))
}
