package testenv

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// Box is another computer that is reached over ssh: an sshd for one test, with keys, a
// configuration and a client of its own. It is this machine, on loopback, or a [Machine].
type Box struct {
	// Name is the alias by which the client's configuration knows the box.
	Name string
	// Port is the port that sshd listens on.
	Port int

	dir     string
	user    string            // who logs in
	ip      string            // the address at which sshd is reached
	enter   []string          // the command, with arguments, that runs another one where sshd is
	client  *Box              // who has the client's configuration
	options map[string]string // sshd's, over the defaults
	penal   bool              // sshd knows of penalties
	process *os.Process
	ended   chan struct{}
}

// SSHD starts a box, which needs root. Root logs in with a key. It ends with the test,
// with its connections.
func SSHD(t testing.TB) *Box {
	t.Helper()
	b := newBox(t, "root", "127.0.0.1")
	b.makeClient(t)
	return b
}

// makeClient makes an ssh that knows the box.
func (b *Box) makeClient(t testing.TB) {
	t.Helper()
	b.write(t, "config", b.host()+"Host *\n"+b.keys(), 0o600)
	b.write(t, "arguments", "", 0o600)
	b.write(t, "bin/ssh", fmt.Sprintf("#!/bin/sh\nprintf '%%s\\n' \"$*\" >> %s\nexec /usr/bin/ssh -F %s \"$@\"\n", b.file("arguments"), b.file("config")), 0o700)
}

// SSHDBeside starts a box that the client of another one knows, too.
func SSHDBeside(t testing.TB, other *Box) *Box {
	t.Helper()
	b := newBox(t, "root", "127.0.0.1")
	b.client = other.client
	b.client.write(t, "config", b.host()+b.keys()+b.client.read(t, "config"), 0o600)
	return b
}

// newBox starts a box that no client knows yet, where the user logs in. Its sshd is
// reached at the address ip, and started by the command enter, if there is one.
func newBox(t testing.TB, user, ip string, enter ...string) *Box {
	t.Helper()
	Need(t, "root, to start an sshd of its own", os.Geteuid() == 0)
	_, err := os.Stat(sshd)
	Need(t, "the command sshd", err == nil)
	NeedCommand(t, "ssh")
	NeedCommand(t, "ssh-keygen")
	dir, err := os.MkdirTemp("/tmp", "box") // for short paths of sockets
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o711); err != nil { // the user who logs in has files here
		t.Fatal(err)
	}
	b := &Box{Name: "box-" + randomHex(3), Port: FreePort(t), dir: dir, user: user, ip: ip, enter: enter, options: map[string]string{}}
	b.client = b
	AfterDeath(t, `rm -rf "$1"`, dir)
	t.Cleanup(func() {
		b.Shutdown(t)
		if t.Failed() {
			text, _ := os.ReadFile(b.file("log"))
			t.Logf("sshd said:\n%s", text[max(0, len(text)-4000):])
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("the box leaves files behind: %v", err)
		}
	})
	// The directory in which sshd confines itself; a system makes it at its start.
	if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
		t.Fatal(err)
	}
	b.makeKey(t, "key", "")
	b.makeKey(t, "host", "")
	b.Trust(t)
	b.Authorize(t)
	b.write(t, "sshd_config", "HostKey "+b.file("host")+"\nPerSourcePenalties no\n", 0o600)
	b.penal = exec.Command(sshd, "-t", "-f", b.file("sshd_config")).Run() == nil
	b.Start(t)
	return b
}

// host is where the box is, in the client's configuration.
func (b *Box) host() string {
	return fmt.Sprintf("Host %s\n\tHostName %s\n\tPort %d\n\tUser %s\n", b.Name, b.ip, b.Port, b.user)
}

// keys are the client's keys and those that it knows.
func (b *Box) keys() string {
	return fmt.Sprintf("\tUserKnownHostsFile %s\n\tGlobalKnownHostsFile /dev/null\n\tIdentityFile %s\n\tIdentitiesOnly yes\n\tIdentityAgent none\n", b.file("known"), b.file("key"))
}

const sshd = "/usr/sbin/sshd"

func (b *Box) file(name string) string { return filepath.Join(b.dir, name) }

func (b *Box) write(t testing.TB, name, text string, mode os.FileMode) {
	t.Helper()
	err := os.MkdirAll(filepath.Dir(b.file(name)), 0o700)
	if err = errors.Join(err, os.WriteFile(b.file(name), []byte(text), mode)); err != nil {
		t.Fatal(err)
	}
}

func (b *Box) read(t testing.TB, name string) string {
	t.Helper()
	text, err := os.ReadFile(b.file(name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func (b *Box) makeKey(t testing.TB, name, passphrase string) {
	t.Helper()
	_, _ = os.Remove(b.file(name)), os.Remove(b.file(name+".pub"))
	cmd := exec.Command("ssh-keygen", "-q", "-t", "ed25519", "-a", "1", "-N", passphrase, "-C", name, "-f", b.file(name))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("ssh-keygen: %v: %s", err, out)
	}
}

// Address returns the box's address, ssh://NAME.
func (b *Box) Address() string { return "ssh://" + b.Name }

// Program returns the path of an ssh that has the client's configuration. Its directory
// has nothing else, and so can be the first in PATH.
func (b *Box) Program() string { return b.client.file("bin/ssh") }

// Arguments returns the arguments of each ssh that was started, a line for each.
func (b *Box) Arguments(t testing.TB) string {
	t.Helper()
	return b.client.read(t, "arguments")
}

// Configure adds lines to the client's configuration, before all others: the first value
// of an option counts.
func (b *Box) Configure(t testing.TB, lines string) {
	t.Helper()
	b.client.write(t, "config", "Host *\n"+lines+"\n"+b.client.read(t, "config"), 0o600)
}

// Trust makes the client know the box's host key.
func (b *Box) Trust(t testing.TB) {
	t.Helper()
	b.write(t, "known", fmt.Sprintf("[%s]:%d %s", b.ip, b.Port, b.read(t, "host.pub")), 0o600)
}

// Forget makes the client know no host key.
func (b *Box) Forget(t testing.TB) {
	t.Helper()
	b.write(t, "known", "", 0o600)
}

// Authorize makes the box accept the client's key.
func (b *Box) Authorize(t testing.TB) {
	t.Helper()
	b.write(t, "authorized", b.read(t, "key.pub"), 0o644) // sshd reads it as the user
}

// Deny makes the box accept no key.
func (b *Box) Deny(t testing.TB) {
	t.Helper()
	b.write(t, "authorized", "", 0o644)
}

// EncryptKey gives the client another key, which the box accepts, and which needs a
// passphrase.
func (b *Box) EncryptKey(t testing.TB, passphrase string) {
	t.Helper()
	b.makeKey(t, "key", passphrase)
	b.Authorize(t)
}

// ChangeHostKey gives the box another host key, which the client does not know.
func (b *Box) ChangeHostKey(t testing.TB) {
	t.Helper()
	b.makeKey(t, "host", "")
	b.Restart(t)
}

// ForbidForwarding makes the box refuse all forwards.
func (b *Box) ForbidForwarding(t testing.TB) {
	t.Helper()
	b.Set(t, "DisableForwarding", "yes")
}

// ForbidStreamLocal makes the box refuse forwards of unix sockets.
func (b *Box) ForbidStreamLocal(t testing.TB) {
	t.Helper()
	b.Set(t, "AllowStreamLocalForwarding", "no")
}

// MaxSessions makes the box refuse more sessions over one connection.
func (b *Box) MaxSessions(t testing.TB, n int) {
	t.Helper()
	b.Set(t, "MaxSessions", strconv.Itoa(n))
}

// Set sets an option of sshd, and starts it anew.
func (b *Box) Set(t testing.TB, option, value string) {
	t.Helper()
	b.options[option] = value
	b.Restart(t)
}

// Provide gives those who log in a command of the box: a script of sh. All connections
// end.
func (b *Box) Provide(t testing.TB, name, script string) {
	t.Helper()
	b.write(t, "commands/"+name, "#!/bin/sh\n"+script+"\n", 0o700)
	b.Set(t, "SetEnv", "PATH="+b.file("commands")+":/usr/local/bin:/usr/bin:/bin")
}

// Start starts sshd, and waits until it listens.
func (b *Box) Start(t testing.TB) {
	t.Helper()
	if b.process != nil {
		t.Fatal("sshd runs already")
	}
	var config bytes.Buffer
	// The first value of an option counts.
	for option, value := range b.options {
		fmt.Fprintln(&config, option, value)
	}
	if b.penal {
		fmt.Fprintln(&config, "PerSourcePenalties no")
	}
	listen := b.ip
	if len(b.enter) > 0 {
		listen = "0.0.0.0" // its network is its own
	}
	fmt.Fprintf(&config, `ListenAddress %s:%d
HostKey %s
AuthorizedKeysFile %s
PermitRootLogin prohibit-password
PasswordAuthentication no
KbdInteractiveAuthentication no
StrictModes no
UsePAM no
UseDNS no
PrintMotd no
PidFile none
`, listen, b.Port, b.file("host"), b.file("authorized"))
	b.write(t, "sshd_config", config.String(), 0o600)
	log, err := os.OpenFile(b.file("log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	line := append(slices.Clone(b.enter), sshd, "-D", "-e", "-f", b.file("sshd_config"))
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Stderr = log
	endWithParent(cmd)
	started, ended := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the parent-death signal comes when this thread ends
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(ended)
	}()
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	b.process, b.ended = cmd.Process, ended
	WaitFor(t, "an sshd of the test's own", func() error {
		select {
		case <-ended:
			b.process = nil
			t.Fatalf("sshd ended: %s", b.read(t, "log"))
		default:
		}
		conn, err := net.Dial("tcp", net.JoinHostPort(b.ip, strconv.Itoa(b.Port)))
		if err == nil {
			_ = conn.Close()
		}
		return err
	})
}

// Shutdown ends sshd and all connections: the box refuses others.
func (b *Box) Shutdown(t testing.TB) {
	t.Helper()
	if b.process == nil {
		return
	}
	// One that is stopped starts no more connections, and lets none escape.
	_ = b.process.Signal(syscall.SIGSTOP)
	b.signal(syscall.SIGKILL)
	_ = b.process.Kill()
	<-b.ended
	b.process = nil
}

// Restart is Shutdown and Start.
func (b *Box) Restart(t testing.TB) {
	t.Helper()
	b.Shutdown(t)
	b.Start(t)
}

// Kill ends all connections to the box. It takes others.
func (b *Box) Kill(t testing.TB) {
	t.Helper()
	b.signal(syscall.SIGKILL)
}

// Silence stops all connections to the box: they stay, and nothing answers. It takes
// others.
func (b *Box) Silence(t testing.TB) {
	t.Helper()
	b.signal(syscall.SIGSTOP)
}

// Stop stops the box: nothing answers, and others wait.
func (b *Box) Stop(t testing.TB) {
	t.Helper()
	_ = b.process.Signal(syscall.SIGSTOP)
	b.signal(syscall.SIGSTOP)
}

// Continue ends what Silence or Stop began.
func (b *Box) Continue(t testing.TB) {
	t.Helper()
	_ = b.process.Signal(syscall.SIGCONT)
	b.signal(syscall.SIGCONT)
}

// Drop makes all packets to and from a box on loopback vanish, until deliver is called.
func (b *Box) Drop(t testing.TB) (deliver func()) {
	t.Helper()
	NeedCommand(t, "iptables")
	const script = `for way in dport sport; do iptables --wait "$1" INPUT --in-interface lo --protocol tcp --$way "$2" --jump DROP || exit 1; done`
	port := strconv.Itoa(b.Port)
	AfterDeath(t, script, "--delete", port)
	change := func(how string) {
		if out, err := exec.Command("sh", "-c", script, "sh", how, port).CombinedOutput(); err != nil {
			t.Errorf("the packet filter: %v: %s", err, out)
		}
	}
	change("--insert")
	deliver = sync.OnceFunc(func() { change("--delete") })
	t.Cleanup(deliver)
	return deliver
}

// Connections returns how many connections the box has.
func (b *Box) Connections() int {
	n := 0
	for _, pid := range b.sessions() {
		if parentOf(pid) == b.process.Pid {
			n++
		}
	}
	return n
}

func (b *Box) signal(signal syscall.Signal) {
	for _, pid := range b.sessions() {
		_ = syscall.Kill(pid, signal)
	}
}

// sessions returns the processes of sshd that serve connections.
func (b *Box) sessions() []int {
	entries, _ := os.ReadDir("/proc")
	var all []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		name, _ := os.ReadFile(filepath.Join("/proc", entry.Name(), "comm"))
		if !strings.HasPrefix(string(name), "sshd") {
			continue
		}
		for above := parentOf(pid); above > 1; above = parentOf(above) {
			if above == b.process.Pid {
				all = append(all, pid)
				break
			}
		}
	}
	return all
}

// parentOf returns the parent of a process, 0 if it has ended.
func parentOf(pid int) int {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	// The name, in brackets, can have any character.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(fields[1])
	return parent
}
