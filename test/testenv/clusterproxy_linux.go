package testenv

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// Faulty puts a proxy that has faults between the program and the API server, which it
// uses as a person of the cluster. All kubectl commands of the program go through it.
func (c *KubernetesCluster) Faulty(t *testing.T, who string) *FaultyEngine {
	t.Helper()
	e := NewFaultyEngine(t, "unix://"+c.proxy(t, who))
	e.uncounted = uncountedOfClusters
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var served sync.WaitGroup
	served.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			served.Go(func() { relay(client, "unix", strings.TrimPrefix(e.Host(), "unix://")) })
		}
	})
	t.Cleanup(func() { // before that of the proxy, which ends the connections
		_ = listener.Close()
		e.mu.Lock()
		e.die()
		e.mu.Unlock()
		served.Wait()
	})
	file := filepath.Join(t.TempDir(), "kubeconfig")
	text := fmt.Sprintf(`apiVersion: v1
kind: Config
current-context: %[1]s
clusters: [{name: faulty, cluster: {server: "http://%[2]s"}}]
contexts: [{name: %[1]s, context: {cluster: faulty, namespace: %[3]s}}]
`, who, listener.Addr(), c.Namespace(who))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("KUBECONFIG", file)
	return e
}

// uncountedOfClusters matches requests about the cluster itself, and watches.
var uncountedOfClusters = regexp.MustCompile(`^GET /(version|apis?|readyz)[ ?]|[?&]watch=`)

// proxy leads to the API server as a person of the cluster, from a socket.
func (c *KubernetesCluster) proxy(t *testing.T, who string) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "api") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	cmd := exec.Command(filepath.Join(c.Programs(), "kubectl"), "--context="+who, "proxy", "--disable-filter", "--unix-socket="+socket)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.Kubeconfig())
	cmd.Stderr = t.Output()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	AfterDeath(t, `kill "$1"`, strconv.Itoa(cmd.Process.Pid))
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	WaitFor(t, "kubectl proxy", func() error {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			err = conn.Close()
		}
		return err
	})
	return socket
}
