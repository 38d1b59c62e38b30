package guide

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/testenv"
)

// bashAs runs a script as the person of that number.
func bashAs(t *testing.T, uid uint32, script string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{"-c", script, "bash"}, args...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("as %d: %v", uid, err)
	}
	return string(out)
}

// loopbacks are the ways to an IPv4 listener, each of another table of the
// kernel's.
var loopbacks = []string{"127.0.0.1", "::ffff:127.0.0.1"}

// TestOtherPeople has another person of the machine try an address that they
// saw on the browser's command line, before the browser does.
func TestOtherPeople(t *testing.T) {
	testenv.Need(t, "root, to be somebody else", os.Getuid() == 0)
	testenv.NeedCommand(t, "bash")
	const otherUser, root = 65534, 0
	for _, loopback := range loopbacks {
		r := withoutEngine(t)
		url, origin := r.address()
		host := strings.TrimPrefix(origin, "http://")
		_, port, _ := net.SplitHostPort(host)
		path := strings.Replace(strings.TrimPrefix(url, origin), "/", enterPath, 1)
		try := func(uid uint32, headers ...string) string {
			return bashAs(t, uid, `exec 3<>/dev/tcp/$1/$2; printf 'POST %s HTTP/1.1\r\nHost: %s\r\nOrigin: http://%s\r\nX-Colab-Tray: 1\r\nContent-Length: 0\r\nConnection: close\r\n%s\r\n' "$3" "$4" "$4" "$5" >&3; cat <&3`,
				loopback, port, path, host, strings.Join(headers, ""))
		}
		refused := func(what, got string) {
			t.Helper()
			if !strings.Contains(got, "403 Forbidden") || !strings.Contains(got, "colab-tray url") {
				t.Errorf("by %s, %s is answered %q", loopback, what, got)
			}
		}
		refused("somebody else", try(otherUser))
		guest := newVisitor(t)
		if response := guest.enter(url); response.StatusCode != http.StatusOK {
			t.Errorf("after somebody else tried it by %s, the key is answered with %s", loopback, response.Status)
		}
		path = "/report"
		refused("somebody else who has seen the secret", try(otherUser, "Authorization: Bearer "+guest.secret+"\r\n"))
		if again, _ := r.address(); again == url {
			t.Error("a key is given twice")
		} else if path = strings.Replace(strings.TrimPrefix(again, origin), "/", enterPath, 1); !strings.Contains(try(root), "200 OK") {
			t.Errorf("root is not let in by %s, who a port of another machine can come from", loopback)
		}
	}
}

// TestCrowdOfOthers has another person open many connections, which take no
// place of the person's own.
func TestCrowdOfOthers(t *testing.T) {
	testenv.Need(t, "root, to be somebody else", os.Getuid() == 0)
	testenv.NeedCommand(t, "bash")
	r := withoutEngine(t)
	url, origin := r.address()
	host := strings.TrimPrefix(origin, "http://")
	waiting := dial(t, origin)
	_, port, _ := net.SplitHostPort(host)
	// Each of theirs is open until the script ends, or until the guide closes it,
	// as the last line waits for.
	bashAs(t, 65534, `for n in $(seq 10 $((9 + $2))); do eval "exec $n<>/dev/tcp/127.0.0.1/$1"; done; cat <&10`,
		port, strconv.Itoa(3*maxPending))
	fmt.Fprintf(waiting, "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", strings.TrimPrefix(url, origin), host)
	response, err := http.ReadResponse(bufio.NewReader(waiting), nil)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, "who was there before", response, http.StatusOK)
}

// TestOwnIsProved holds that whose program it is must be known.
func TestOwnIsProved(t *testing.T) {
	testenv.Need(t, "root, to be somebody else", os.Getuid() == 0)
	testenv.NeedCommand(t, "bash")
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	port := strconv.Itoa(listener.Addr().(*net.TCPAddr).Port)
	for _, loopback := range loopbacks {
		// The socket of a program that has ended is nobody's, and the tables
		// call it root's.
		bashAs(t, 65534, "exec 3<>/dev/tcp/$1/$2; echo x >&3", loopback, port)
		left, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if isOwnUser(left) {
			t.Errorf("by %s, what somebody else has left behind passes", loopback)
		}
		_ = left.Close()

		ours, err := net.Dial("tcp", net.JoinHostPort(loopback, port))
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if !isOwnUser(accepted) {
			t.Errorf("by %s, our own does not pass", loopback)
		}
		_, _ = ours.Close(), accepted.Close()
	}
	one, other := net.Pipe()
	defer one.Close()
	defer other.Close()
	if isOwnUser(one) {
		t.Error("a connection that is in no table passes")
	}
}
