package testenv

import (
	"errors"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Machine is another computer with an engine of its own that is reached over ssh:
// namespaces of this machine. Its network, loopback included, its processes and these
// directories are its own: /run, /var/tmp and that of the engine's data. All others are
// those of this machine.
type Machine struct {
	*Box
	dir    string
	link   string // this machine's end of the network between both
	subnet string
	socket string // the engine's, where it is on this machine
	engine daemon

	account *account // who logs in; nil for root
}

// machineScript begins the first process of a machine. All that it makes ends with its
// namespaces; control groups do not.
const machineScript = `mount --make-rprivate / &&
mount -t proc proc /proc &&
for dir in /run /var/tmp; do mount -t tmpfs machine $dir || exit 1; done &&
mkdir /run/sshd && hostname "$1" && ip link set lo up &&
`

// dockerScript becomes root's Docker, at the usual socket.
const dockerScript = machineScript + `mkdir -p /var/lib/docker && mount -t tmpfs machine /var/lib/docker &&
exec dockerd --config-file "$2/daemon.json" --cgroup-parent "/$1" --host unix:///var/run/docker.sock --host "unix://$2/docker.sock"`

// podmanScript runs the Podman of an ordinary user, at the usual socket. The account can
// log in. The first process takes what the engine's processes leave behind.
const podmanScript = machineScript + `run=/run/user/$4 home=$(getent passwd "$3" | cut -d: -f6) &&
mkdir -p "$run" "$2/home/.config/containers" "$2/run/podman" && mv "$2/containers.conf" "$2/home/.config/containers/" &&
chown -R "$4:$5" "$2/home" "$2/run" && chmod 700 "$2/run" && chmod 755 "$2" &&
mount --bind "$2/run" "$run" && mount --bind "$2/home" "$home" &&
(umask 077 && sed "s/^$3:!*:/$3:*:/" /etc/shadow > "$2/shadow") && mount --bind "$2/shadow" /etc/shadow &&
cd / && setpriv --reuid "$4" --regid "$5" --init-groups env -i PATH="$PATH" HOME="$home" USER="$3" XDG_RUNTIME_DIR="$run" \
	DBUS_SESSION_BUS_ADDRESS=unix:path=/nowhere podman system service --time=0 "unix://$run/podman/podman.sock"; exit $?`

// NewMachine starts a machine with a Docker of root's, who logs in. That needs root. It
// has only the images that were given to Load. It ends with the test, with everything in
// it.
func NewMachine(t testing.TB) *Machine {
	t.Helper()
	NeedCommand(t, "dockerd")
	NeedCommand(t, "iptables")
	m := newMachine(t, "docker.sock")
	m.write(t, "daemon.json", "{}")
	m.start(t, "root", dockerScript)
	return m
}

// NewPodmanMachine is like NewMachine, with a rootless Podman of the ordinary user that
// test/setup makes, who logs in.
func NewPodmanMachine(t testing.TB) *Machine {
	t.Helper()
	who := needRootlessPodman(t)
	m := newMachine(t, "run/podman/podman.sock")
	m.account = who
	m.write(t, "containers.conf", podmanSettings)
	m.start(t, accountName, podmanScript, accountName, strconv.Itoa(who.uid), strconv.Itoa(who.gid))
	return m
}

func newMachine(t testing.TB, socket string) *Machine {
	t.Helper()
	Need(t, "root, to start a machine of its own", os.Geteuid() == 0)
	for _, command := range []string{"docker", "ip", "nsenter"} {
		NeedCommand(t, command)
	}
	dir, err := os.MkdirTemp("/tmp", "env") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	return &Machine{dir: dir, socket: filepath.Join(dir, socket), subnet: newSubnet(t), link: "test" + randomHex(4)}
}

func (m *Machine) write(t testing.TB, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(m.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// start starts the engine by a script, then sshd, where the user logs in.
func (m *Machine) start(t testing.TB, user, script string, arguments ...string) {
	t.Helper()
	name := "colab-tray-test-machine-" + randomHex(4)
	AfterDeath(t, `for try in 1 2 3 4 5; do `+removeControlGroups+` && break; sleep 1; done
		ip link del "$3"
		rm -rf "$2"`, name, m.dir, m.link)
	t.Cleanup(func() { m.remove(t, name) })
	cmd := exec.Command("sh", append([]string{"-c", script, "sh", name, m.dir}, arguments...)...)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL, // the first process of a namespace ignores others
	}
	m.engine.start(t, cmd, filepath.Join(m.dir, "log"), m.Host())

	pid := strconv.Itoa(m.engine.process.Pid)
	for _, command := range [][]string{
		{"ip", "link", "add", m.link, "type", "veth", "peer", "name", "outside", "netns", pid},
		{"ip", "addr", "add", m.subnet + ".1/24", "dev", m.link},
		{"ip", "link", "set", m.link, "up"},
		m.inside("ip", "addr", "add", m.subnet+".2/24", "dev", "outside"),
		m.inside("ip", "link", "set", "outside", "up"),
	} {
		mustRun(t, command)
	}
	m.Box = newBox(t, user, m.subnet+".2", m.inside()...)
	m.makeClient(t)
}

// inside is a command line that runs a command on the machine.
func (m *Machine) inside(command ...string) []string {
	return append([]string{"nsenter", "--target", strconv.Itoa(m.engine.process.Pid), "--mount", "--net", "--uts"}, command...)
}

func mustRun(t testing.TB, command []string) {
	t.Helper()
	if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
	}
}

// Move gives the machine another address in place of the one that it has, which nobody
// tells those who are connected. The client finds it there.
func (m *Machine) Move(t testing.TB) {
	t.Helper()
	before := m.ip
	m.ip = m.subnet + ".3"
	mustRun(t, m.inside("ip", "addr", "del", before+"/24", "dev", "outside")) // with all others in the network
	mustRun(t, m.inside("ip", "addr", "add", m.ip+"/24", "dev", "outside"))
	m.Trust(t)
	m.Configure(t, "\tHostName "+m.ip)
}

// MoveHere gives this machine another address in the network between both, in place of
// the one that it has.
func (m *Machine) MoveHere(t testing.TB) {
	t.Helper()
	mustRun(t, []string{"ip", "addr", "del", m.subnet + ".1/24", "dev", m.link})
	mustRun(t, []string{"ip", "addr", "add", m.subnet + ".9/24", "dev", m.link})
}

// removeControlGroups removes the control groups of a machine.
const removeControlGroups = `find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} +`

// Host returns the address at which this machine reaches the engine, as in DOCKER_HOST.
func (m *Machine) Host() string { return "unix://" + m.socket }

// Load copies an image from the shared engine into this one, where it has another name,
// which is returned.
func (m *Machine) Load(t testing.TB, image string) string {
	t.Helper()
	load(t, image, m.Host())
	_, there, _ := strings.Cut(image, "/")
	there = m.Name + "/" + there
	mustDocker(t, m.Host(), "tag", image, there)
	return there
}

// Path returns the path at which a file or directory of the machine is on this one.
func (m *Machine) Path(path string) string {
	return filepath.Join("/proc", strconv.Itoa(m.engine.process.Pid), "root", path)
}

// Folder makes a folder on the machine for the user who logs in there, and returns its
// path there.
func (m *Machine) Folder(t testing.TB) string {
	t.Helper()
	const folder = "/var/tmp/folder"
	err := os.Mkdir(m.Path(folder), 0o755)
	if who := m.account; who != nil {
		err = errors.Join(err, os.Chown(m.Path(folder), who.uid, who.gid))
	}
	if err != nil {
		t.Fatal(err)
	}
	return folder
}

// Listens reports whether a port of the machine takes connections from this one.
func (m *Machine) Listens(port int) bool {
	conn, err := net.Dial("tcp", net.JoinHostPort(m.ip, strconv.Itoa(port)))
	if err == nil {
		_ = conn.Close()
	}
	return err == nil
}

func (m *Machine) remove(t testing.TB, name string) {
	if m.engine.process != nil {
		m.engine.kill(t) // and with it all that runs there
	}
	// Connections that went to another address keep the network for minutes.
	_ = exec.Command("ip", "link", "del", m.link).Run()
	if t.Failed() {
		t.Logf("the engine of the machine said:\n%s", m.engine.message())
	}
	WaitFor(t, "the end of the machine's control groups", func() error {
		return exec.Command("sh", "-c", removeControlGroups, "sh", name).Run()
	})
	if err := os.RemoveAll(m.dir); err != nil {
		t.Errorf("the machine leaves files behind: %v", err)
	}
}
