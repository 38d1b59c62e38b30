package tunnel

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"colabtray/internal/child"
	"colabtray/test/testenv"
)

// TestRepairReal: the box's side of the connection is killed, this side is, and the box
// is started again. The connections through it end, and the next one is served as if
// nothing had happened.
func TestRepairReal(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, fault := range []struct {
		name string
		cut  func()
	}{
		{"the box ends the connection", func() { r.box.Kill(t) }},
		{"the box is started again", func() { r.box.Restart(t) }},
		{"ssh is killed", func() { r.ssh(t).Kill() }},
		{"ssh ends", func() { r.ssh(t).Ask() }},
	} {
		conn := r.socket(t)
		answers(t, conn)
		fault.cut()
		ends(t, conn)
		answers(t, r.socket(t))
		port, err := r.DialPort(within(t), r.port)
		if err != nil {
			t.Fatalf("%s: %v", fault.name, err)
		}
		answers(t, port)
		if out, err := r.Output(within(t), "echo", "here"); err != nil || out != "here\n" {
			t.Errorf("%s: a command said %q (%v)", fault.name, out, err)
		}
	}
	r.wantLogins(t, 1)
}

// child returns the ssh of the present connection.
func (r *rig) ssh(t *testing.T) *child.Child {
	t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	m, is := r.link.(*master)
	if !is {
		t.Fatal("there is no connection")
	}
	return m.child
}

// TestRepairedByItself: nobody dials.
func TestRepairedByItself(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.socket(t)
	before := r.Status().Since
	r.box.Kill(t)
	r.reaches(t, "connected anew", func(s Status) bool { return s.Connected && s.Since.After(before) })
}

// TestSilence: the connection stays, and nothing answers, as when packets vanish.
func TestSilence(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.socket(t)
	answers(t, conn)
	r.Doubt()
	answers(t, conn)
	before := r.Status().Since
	r.box.Silence(t)
	again := r.socket(t) // ssh accepts it
	r.Doubt()
	ends(t, again)
	answers(t, r.socket(t))
	if !r.Status().Since.After(before) {
		t.Error("this is the connection that does not answer")
	}
	r.box.Continue(t)
}

// TestSilenceAtFirst: a connection whose answer is waited for doubts by itself.
func TestSilenceAtFirst(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	answers(t, r.socket(t))
	r.box.Silence(t)
	conn, err := r.DialPort(within(t), r.port)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, conn)
	r.box.Silence(t)
	if out, err := r.Output(within(t), "echo", "here"); err == nil {
		t.Errorf("a command said %q", out)
	}
	if out, err := r.Output(within(t), "echo", "here"); err != nil || out != "here\n" {
		t.Errorf("the next command said %q (%v)", out, err)
	}
	r.box.Continue(t)
}

// TestPacketsVanish: the network is away, and later back.
func TestPacketsVanish(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.socket(t)
	answers(t, conn)
	deliver := r.box.Drop(t)
	r.Doubt()
	ends(t, conn)
	r.reaches(t, "without an answer", disconnectedBy(TimedOut))
	deliver()
	answers(t, r.socket(t))
}

// TestWhyNoLogin: each cause has a kind, and ssh's words. Once it is mended, the tunnel
// works.
func TestWhyNoLogin(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	fails := func(kind Kind, says string) {
		t.Helper()
		r.Retry()
		_, err := r.DialSocket(within(t), r.path)
		if failure := wantKind(t, err, kind); !strings.Contains(failure.Text, says) {
			t.Errorf("%v: it says %q", kind, failure.Text)
		}
		if status := r.Status(); status.Connected || !errors.Is(status.Err, err) {
			t.Errorf("%v: the status is %+v", kind, status)
		}
	}
	r.box.Forget(t)
	fails(HostKeyUnknown, "verification failed")
	r.box.Trust(t)
	r.box.Deny(t)
	fails(PermissionDenied, "Permission denied (publickey)")
	r.box.Authorize(t)
	r.box.Shutdown(t)
	fails(Refused, "Connection refused")
	r.box.Start(t)
	r.Retry()
	answers(t, r.socket(t))

	// What was there before a repair is found during it.
	r.box.ChangeHostKey(t)
	r.reaches(t, "without a login", disconnectedBy(HostKeyChanged))
	fails(HostKeyChanged, "IDENTIFICATION HAS CHANGED")
	r.box.Trust(t)
	r.box.EncryptKey(t, "secret")
	fails(PromptWanted, "Permission denied (publickey)")
}

// disconnectedBy is a status with an error of a kind.
func disconnectedBy(kind Kind) func(Status) bool {
	return func(s Status) bool {
		var failure *Error
		return !s.Connected && errors.As(s.Err, &failure) && failure.Kind == kind
	}
}

func TestNoSuchName(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.destination.host = "nosuch.invalid"
	r.box.Configure(t, "HostName nosuch.invalid")
	_, err := r.DialSocket(within(t), r.path)
	wantKind(t, err, NameUnknown)
}

func TestNoSSH(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		tunnel := New(Destination{host: "box"}, Options{Dir: t.TempDir(), Program: "no-such-ssh"})
		tunnel.plain = plain
		_, err := tunnel.DialPort(within(t), 1)
		wantKind(t, err, NoSSH)
		if err := tunnel.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestBoxDoesNotAnswer: it takes the connection, and says nothing.
func TestBoxDoesNotAnswer(t *testing.T) {
	t.Parallel()
	if !testenv.Full() {
		t.Skip("takes long: ssh waits for 5 seconds")
	}
	r := newRig(t)
	r.box.Stop(t)
	_, err := r.DialSocket(within(t), r.path)
	wantKind(t, err, TimedOut)
	r.box.Continue(t)
	r.Retry()
	answers(t, r.socket(t))
}

// askpass is a program that answers questions, and notes them.
func askpass(t *testing.T, answer string) (program, asked string) {
	t.Helper()
	dir := t.TempDir()
	program, asked = filepath.Join(dir, "askpass"), filepath.Join(dir, "asked")
	text := fmt.Sprintf("#!/bin/sh\necho \"$1\" >> %s\necho %s\n", asked, answer)
	if err := os.WriteFile(program, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return program, asked
}

func TestAskpass(t *testing.T) {
	t.Parallel()
	program, asked := askpass(t, "secret")
	r := newRig(t, func(_ *rig, o *Options) { o.Askpass = program })
	// What needs no question asks none.
	conn := r.socket(t)
	answers(t, conn)
	if _, err := os.Stat(asked); err == nil {
		t.Error("somebody was asked for nothing")
	}
	r.box.EncryptKey(t, "secret")
	r.box.Kill(t)
	ends(t, conn)
	answers(t, r.socket(t))
	if text, err := os.ReadFile(asked); err != nil || strings.Count(string(text), "passphrase") != 1 {
		t.Errorf("the questions were %q (%v)", text, err)
	}
}

// TestAskpassHostKey: the person can accept a host key, as in a terminal.
func TestAskpassHostKey(t *testing.T) {
	t.Parallel()
	program, asked := askpass(t, "yes")
	r := newRig(t, func(_ *rig, o *Options) { o.Askpass = program })
	r.box.Forget(t)
	answers(t, r.socket(t))
	if text, err := os.ReadFile(asked); err != nil || !strings.Contains(string(text), "authenticity") {
		t.Errorf("the questions were %q (%v)", text, err)
	}
}

// TestAskpassOnce: a person who gives no answer is not asked again and again.
func TestAskpassOnce(t *testing.T) {
	t.Parallel()
	program, asked := askpass(t, "wrong")
	r := newRig(t, func(_ *rig, o *Options) { o.Askpass = program })
	r.box.EncryptKey(t, "secret")
	_, err := r.DialSocket(within(t), r.path)
	var failure *Error
	if !errors.As(err, &failure) || !failure.Kind.lasting() {
		t.Fatalf("got %v", err)
	}
	count := func() int {
		text, _ := os.ReadFile(asked)
		return strings.Count(string(text), "\n")
	}
	once := count()
	if once == 0 {
		t.Fatal("nobody was asked")
	}
	r.mu.Lock()
	r.next = time.Time{} // as half a minute later
	r.kick <- struct{}{}
	r.mu.Unlock()
	if _, err := r.DialSocket(within(t), r.path); !errors.As(err, &failure) || count() != once {
		t.Errorf("%d questions became %d (%v)", once, count(), err)
	}
	r.Retry()
	if _, err := r.DialSocket(within(t), r.path); err == nil || count() != 2*once {
		t.Errorf("%d questions became %d when asked for (%v)", once, count(), err)
	}
}

func TestForwardingForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.box.ForbidForwarding(t)
	_, err := r.DialSocket(within(t), r.path)
	wantKind(t, err, ForwardingForbidden)
	_, err = r.DialPort(within(t), r.port)
	wantKind(t, err, ForwardingForbidden)
	if out, err := r.Output(within(t), "echo", "here"); err != nil || out != "here\n" {
		t.Errorf("a command said %q (%v)", out, err)
	}
	r.Doubt() // the box answers, even if only with no
	answersNo(t, r)
	// It is allowed now.
	r.box.Set(t, "DisableForwarding", "no")
	answers(t, r.socket(t))
}

// answersNo waits until a doubt is over, and wants the connection to be the same.
func answersNo(t *testing.T, r *rig) {
	t.Helper()
	before := r.Status().Since
	testenv.WaitFor(t, "the end of the doubt", func() error {
		if r.doubting.Load() {
			return errors.New("there is still doubt")
		}
		return nil
	})
	if status := r.Status(); !status.Connected || status.Since != before {
		t.Errorf("from %v on it is %+v", before, status)
	}
}

func TestStreamLocalForbidden(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stdio = relayed(r.path)
	r.box.ForbidStreamLocal(t)
	for range mostStdio {
		answers(t, r.socket(t))
	}
	// There are no more at a time.
	ctx, cancel := context.WithCancel(t.Context())
	got := make(chan error)
	go func() {
		_, err := r.DialSocket(ctx, r.path, r.stdio...)
		got <- err
	}()
	cancel()
	if err := <-got; !errors.Is(err, context.Canceled) {
		t.Errorf("one more: %v", err)
	}
	r.wantLogins(t, 1)
	// Ports are forwarded as ever.
	port, err := r.DialPort(within(t), r.port)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, port)
	if _, err := r.DialPort(within(t), testenv.FreePort(t)); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a port at which nobody listens: %v", err)
	}
}

// TestStdio: a connection through a command is one in every way.
func TestStdio(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stdio = relayed(r.path)
	r.box.ForbidStreamLocal(t)
	for range mostStdio + 2 {
		conn, err := r.DialSocket(within(t), r.path, r.stdio...)
		if err != nil {
			t.Fatal(err)
		}
		answers(t, conn)
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
	conn := r.socket(t)
	_ = conn.SetReadDeadline(time.Now().Add(-time.Second))
	if _, err := conn.Read(make([]byte, 1)); !os.IsTimeout(err) {
		t.Errorf("past its deadline: %v", err)
	}
	_ = conn.SetReadDeadline(time.Time{})
	answers(t, conn)
	if err := conn.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
		t.Error(err)
	}
	ends(t, conn)
}

func TestStdioFails(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.stdio = []string{"no-such-docker", "system", "dial-stdio"}
	r.box.ForbidStreamLocal(t)
	_, err := r.socket(t).Read(make([]byte, 1))
	wantKind(t, err, NoCommand)
}

func TestSessionRefused(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.box.MaxSessions(t, 0)
	_, err := r.Output(within(t), "echo", "here")
	wantKind(t, err, SessionRefused)
	answers(t, r.socket(t)) // needs none
}

// TestNoRight: a socket that only others may connect to, and one that nobody serves.
func TestNoRight(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	left := r.path + ".left"
	l := listen(t, "unix", left)
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	_ = l.Close()
	_, err := r.DialSocket(within(t), left)
	if failure := wantKind(t, err, SocketMissing); !strings.Contains(failure.Text, "nobody listens") {
		t.Errorf("got %q", failure.Text)
	}
	// Root may all, so the script is asked as somebody else.
	closed := filepath.Dir(r.path)
	other := exec.Command("sh", "-c", why, "sh", filepath.Join(closed, "engine.sock"))
	other.Dir = "/"
	other.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := other.CombinedOutput(); err != nil || string(out) != "denied\n" {
		t.Errorf("in a directory of somebody else's: %q (%v)", out, err)
	}
}

// TestOwnConfiguration: what the person's configuration forwards, shares and runs does
// not matter.
func TestOwnConfiguration(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	taken := listen(t, "tcp", "127.0.0.1:0").Addr().(*net.TCPAddr).Port
	theirs := filepath.Join(filepath.Dir(r.dir), "theirs")
	r.box.Configure(t, fmt.Sprintf(`	LocalForward %d 127.0.0.1:1
	RemoteForward %d 127.0.0.1:1
	ExitOnForwardFailure yes
	ControlMaster auto
	ControlPath %s
	ControlPersist yes
	RemoteCommand exit 1
	RequestTTY force
	ForwardAgent yes
	LogLevel QUIET
	StreamLocalBindMask 0000`, taken, taken, theirs))
	person := exec.Command(r.box.Program(), "-o", "ClearAllForwardings=yes", "-o", "RemoteCommand=none", "-o", "ControlPersist=no", "-N", "-T", r.box.Name)
	endWith(t, person)
	testenv.WaitFor(t, "the person's own connection", func() error {
		_, err := os.Lstat(theirs)
		return err
	})
	answers(t, r.socket(t))
	if out, err := r.Output(within(t), "sh", "-c", "echo agent=$SSH_AUTH_SOCK; tty"); err == nil || strings.Contains(out, "agent=/") {
		t.Errorf("a command said %q (%v)", out, err)
	}
	r.wantLogins(t, 2)
	if out, err := exec.Command(r.box.Program(), "-O", "check", r.box.Name).CombinedOutput(); err != nil {
		t.Errorf("the person's own connection: %v: %s", err, out)
	}
	r.box.Forget(t)
	r.box.Restart(t)
	r.reaches(t, "without a login", disconnectedBy(HostKeyUnknown))
}

// endWith starts a command that ends with the test.
func endWith(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	c, err := child.Start(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.End)
}

// TestJumpHost: the box is reached by way of another, as the person's configuration says.
func TestJumpHost(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.box.Configure(t, fmt.Sprintf(`Host inner
	HostName 127.0.0.1
	Port %d
	User root
	ProxyJump %s
Host *`, r.box.Port, r.box.Name))
	r.destination.host = "inner"
	conn := r.socket(t)
	answers(t, conn)
	r.wantLogins(t, 2)
	r.box.Silence(t)
	r.Doubt()
	ends(t, conn)
	answers(t, r.socket(t))
	r.box.Continue(t)
}

// TestTwoBoxes: what happens to the one does not matter to the other.
func TestTwoBoxes(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	other := testenv.SSHDBeside(t, r.box)
	d, err := ParseDestination(other.Address())
	if err != nil {
		t.Fatal(err)
	}
	tunnel := New(d, r.options)
	t.Cleanup(func() { _ = tunnel.Close() })
	conn, err := tunnel.DialSocket(within(t), r.path)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, r.socket(t))
	r.box.Shutdown(t)
	r.reaches(t, "without a connection", disconnectedBy(Refused))
	answers(t, conn)
	r.box.Start(t)
	answers(t, r.socket(t))
}

// TestArguments: nothing is relaxed or forwarded, nobody is asked, and the host is data.
func TestArguments(t *testing.T) {
	t.Parallel()
	var record string
	r := newRig(t, func(_ *rig, o *Options) { o.Program, record = recorded(t, o.Program) })
	answers(t, r.socket(t))
	if _, err := r.Output(within(t), "true"); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(record)
	if err != nil {
		t.Fatal(err)
	}
	logins := 0
	for line := range strings.Lines(string(text)) {
		line = strings.TrimSpace(line)
		if variable, is := strings.CutPrefix(line, "env "); is {
			if variable != "LC_ALL=C" && variable != "SSH_ASKPASS_REQUIRE=never" {
				t.Errorf("ssh has %s", variable)
			}
			continue
		}
		if !strings.Contains(line, " -- "+r.box.Name) || strings.Contains(line, "StrictHostKeyChecking") || strings.Contains(line, "Agent=yes") ||
			!strings.Contains(line, "-S "+r.dir) || !strings.Contains(line, "BatchMode=yes") {
			t.Errorf("ssh %s", line)
		}
		if strings.Contains(line, "-F /dev/null") {
			continue
		}
		logins++
		for _, option := range []string{"-M", "-N", "-T", "ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no", "PermitLocalCommand=no", "ServerAliveInterval=15", "ServerAliveCountMax=2"} {
			if !strings.Contains(" "+line+" ", option+" ") {
				t.Errorf("ssh logs in without %s: %s", option, line)
			}
		}
	}
	if logins != 1 {
		t.Errorf("there were %d logins", logins)
	}
}

// TestStale: what a dead process has left is removed, its ssh ends, and that of a living
// one stays.
func TestStale(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	answers(t, r.socket(t))

	dead := filepath.Join(r.dir, prefix+"1")
	foreign := filepath.Join(r.dir, prefix+"2") // no directory of a tunnel
	for _, dir := range []string{dead, foreign} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Remove(foreign) })
	if err := os.WriteFile(filepath.Join(dead, lockName), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	orphan, err := child.Start(exec.Command(r.box.Program(), "-M", "-N", "-S", filepath.Join(dead, control), "-o", "BatchMode=yes", r.box.Name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(orphan.End)
	testenv.WaitFor(t, "the ssh that is left", func() error {
		_, err := os.Lstat(filepath.Join(dead, control))
		return err
	})

	other := New(r.destination, r.options)
	t.Cleanup(func() { _ = other.Close() })
	conn, err := other.DialSocket(within(t), r.path)
	if err != nil {
		t.Fatal(err)
	}
	answers(t, conn)
	<-orphan.Ended()
	if _, err := os.Lstat(dead); err == nil {
		t.Error("what a dead process has left is still there")
	}
	if _, err := os.Lstat(foreign); err != nil {
		t.Errorf("what is no tunnel's is gone: %v", err)
	}
	answers(t, r.socket(t))
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	ends(t, conn)
	answers(t, r.socket(t))
}

// TestClose: ssh ends, and so do the connections through it.
func TestClose(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	conn := r.socket(t)
	answers(t, conn)
	if err := r.Close(); err != nil {
		t.Error(err)
	}
	ends(t, conn)
	r.wantLogins(t, 0)
}

// diesIn is the variable by which this program becomes one that connects, and is killed.
const diesIn = "COLAB_TRAY_TEST_DIES_IN"

func die(dir string) {
	d, err := ParseDestination(os.Getenv("ADDRESS"))
	if err == nil {
		_, err = New(d, Options{Dir: dir, Program: os.Getenv("PROGRAM")}).Output(context.Background(), "true")
	}
	fmt.Println("connected", err)
	select {}
}

// TestKilled: ssh ends with the program, even where that has no time for it.
func TestKilled(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), diesIn+"="+r.dir, "ADDRESS="+r.box.Address(), "PROGRAM="+r.box.Program())
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	line, _ := bufio.NewReader(out).ReadString('\n')
	if line != "connected <nil>\n" || r.box.Connections() != 1 {
		t.Errorf("it said %q, and there are %d logins", line, r.box.Connections())
	}
	_ = cmd.Process.Kill()
	_ = cmd.Wait()
	r.wantLogins(t, 0)
	// The next one removes what that has left.
	answers(t, r.socket(t))
	if left, _ := filepath.Glob(filepath.Join(r.dir, prefix+"*")); len(left) != 1 {
		t.Errorf("there are %q", left)
	}
}

// TestLongDir: a directory whose path is too long for sockets has a stand-in.
func TestLongDir(t *testing.T) {
	t.Parallel()
	long := filepath.Join(t.TempDir(), strings.Repeat("long", 30))
	stand, err := parentOf(long)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(stand) })
	r := newRig(t, func(_ *rig, o *Options) { o.Dir = long })
	answers(t, r.socket(t))
	if info, err := os.Stat(stand); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the stand-in %s: %v, %v", stand, info, err)
	}
}
