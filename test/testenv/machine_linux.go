package testenv

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// Machine is another computer with an engine of its own, at the usual socket, that is
// reached over ssh: namespaces of this machine. Its network, loopback included, its
// processes and these directories are its own: /run, /var/tmp and /var/lib/docker. All
// others are those of this machine.
type Machine struct {
	*Box
	dir    string
	engine daemon
}

// machineScript is the first process of a machine, and becomes its engine. All that it
// makes ends with its namespaces; control groups do not.
const machineScript = `mount --make-rprivate / &&
mount -t proc proc /proc &&
for dir in /run /var/tmp /var/lib/docker; do mkdir -p $dir && mount -t tmpfs machine $dir || exit 1; done &&
mkdir /run/sshd && hostname "$1" && ip link set lo up &&
exec dockerd --config-file "$2/daemon.json" --cgroup-parent "/$1" --host unix:///var/run/docker.sock --host "unix://$2/docker.sock"`

// removeControlGroups removes the control groups of a machine.
const removeControlGroups = `find /sys/fs/cgroup -depth -type d -path "*/$1*" -exec rmdir {} +`

// NewMachine starts a machine, which needs root. It has only the images that were given
// to Load. It ends with the test, with everything in it.
func NewMachine(t testing.TB) *Machine {
	t.Helper()
	Need(t, "root, to start a machine of its own", os.Geteuid() == 0)
	for _, command := range []string{"docker", "dockerd", "iptables", "ip", "nsenter"} {
		NeedCommand(t, command)
	}
	dir, err := os.MkdirTemp("/tmp", "env") // a socket's path is short
	if err != nil {
		t.Fatal(err)
	}
	m := &Machine{dir: dir}
	name := "colab-tray-test-machine-" + randomHex(4)
	AfterDeath(t, `for try in 1 2 3 4 5; do `+removeControlGroups+` && break; sleep 1; done
		rm -rf "$2"`, name, dir)
	t.Cleanup(func() { m.remove(t, name) })
	if err := os.WriteFile(filepath.Join(dir, "daemon.json"), []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", machineScript, "sh", name, dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID | syscall.CLONE_NEWUTS | syscall.CLONE_NEWIPC,
		Pdeathsig:  syscall.SIGKILL, // the first process of a namespace ignores others
	}
	m.engine.start(t, cmd, filepath.Join(dir, "log"), m.Host())

	subnet := newSubnet(t)
	link, pid := "test"+randomHex(4), strconv.Itoa(m.engine.process.Pid)
	enter := []string{"nsenter", "--target", pid, "--mount", "--net", "--uts"}
	for _, command := range [][]string{
		{"ip", "link", "add", link, "type", "veth", "peer", "name", "outside", "netns", pid},
		{"ip", "addr", "add", subnet + ".1/24", "dev", link},
		{"ip", "link", "set", link, "up"},
		append(enter, "ip", "addr", "add", subnet+".2/24", "dev", "outside"),
		append(enter, "ip", "link", "set", "outside", "up"),
	} {
		if out, err := exec.Command(command[0], command[1:]...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v: %s", strings.Join(command, " "), err, out)
		}
	}
	m.Box = newBox(t, subnet+".2", enter...)
	m.makeClient(t)
	return m
}

// Host returns the address at which this machine reaches the engine, as in DOCKER_HOST.
func (m *Machine) Host() string { return "unix://" + filepath.Join(m.dir, "docker.sock") }

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
