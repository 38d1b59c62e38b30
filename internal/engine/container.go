package engine

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/secret"
)

// Event is a hint that a container changed.
type Event struct {
	// Container is the name of the container.
	Container string
	// Action is what happened, as the engine calls it, such as "start", "die" or
	// "kill".
	Action string
}

// Container is what an engine tells of a container.
type Container struct {
	Exists    bool
	Name      string
	ID        string
	Image     string
	ImageID   string
	Running   bool // also while Paused
	Paused    bool
	Unhealthy bool // by the health check of the image
	MadeAt    time.Time
	StartedAt time.Time // zero when the container never ran
	EndedAt   time.Time
	ExitCode  int
	// OOMKilled tells that the kernel ended the container for want of memory, not one
	// process in it and the container later.
	OOMKilled bool
	// Waiting tells what a container waits for that was started; nil when its command
	// runs, or when it was not started. It is Running then.
	Waiting *Waiting
	// Cause is why the engine ended the container; empty where the exit code tells all
	// that there is. CauseSaid are the engine's own words.
	Cause     Cause
	CauseSaid string
	// Stopping tells that this program, in one of its runs, has asked for the end of the
	// last run. Only engines that keep nothing of a signal tell it.
	Stopping bool
	// RemadeAt is when the container was made anew, by the clock of the program that did
	// so. It is zero unless what it was made from before is in reserve; see [Remaker].
	RemadeAt time.Time
	Labels   map[string]string
	// LabelsOfImage are the labels of the container's image. It is nil when the image
	// is gone, or when the container has no label of this program, so that nothing
	// depends on it.
	LabelsOfImage map[string]string
	Network       string // the network mode, such as "none"
	User          string
	WorkDir       string
	Cmd           []string // the entrypoint, and then the command
	Env           []string
	TTY           bool
	Mounts        []Mount
	// LogDriver is the logging driver that keeps the output; each engine has its own
	// names.
	LogDriver string
	// Ports maps TCP ports in the container to ports of the host that lead there from
	// 127.0.0.1.
	Ports map[int]int
	// Addresses maps TCP ports in the container to all the host addresses at which they
	// are published, IPv4 first.
	Addresses map[int][]netip.AddrPort
	// HostNetwork tells that the container uses the host's network, so that its ports
	// are ports of the host.
	HostNetwork bool
	Effective   Effective
}

// RunSince returns a time from which what the container writes belongs to the current
// run; without one, to the last run. An engine records the start only after the process
// has begun, seconds later on a busy machine, so StartedAt would be too late: the current
// run begins after the end of the run before and after the container was made. For a run
// that has ended, whose predecessor's end is not known, it is one second before StartedAt.
func (c Container) RunSince() time.Time {
	since := c.MadeAt
	if c.EndedAt.After(since) {
		since = c.EndedAt
	}
	if !c.Running || since.IsZero() || since.After(c.StartedAt) {
		return c.StartedAt.Add(-time.Second)
	}
	return since
}

// Effective is what an engine says that it gave a container, which can be less than was
// asked for.
type Effective struct {
	Memory  int64   // the limit in bytes; 0 for no limit
	CPUs    float64 // the limit in processors; 0 for no limit
	ShmSize int64   // bytes
	Folders []config.Folder
	// Mapped tells that the container has a mapping of users other than the engine's
	// default.
	Mapped bool
	// Denied are the paths on this computer of those folders that the user of the
	// container may not write to, as far as that can be told.
	Denied []string
	// CreateWarnings are the engine's warnings when it made the container, as far as
	// they concern settings that this program asked for.
	CreateWarnings []string
}

// Published returns the port in the container that a port of the host leads to, or 0;
// the address at which other computers reach that host port, or "" for none; and
// whether this computer reaches the host port at [::1].
func (c Container) Published(port int) (inner int, open string, ipv6 bool) {
	for containerPort, hostPort := range c.Ports {
		if hostPort != port {
			continue
		}
		inner = containerPort
		for _, address := range c.Addresses[containerPort] {
			ip := address.Addr().Unmap()
			if !ip.IsLoopback() && open == "" {
				open = address.String()
			}
			ipv6 = ipv6 || int(address.Port()) == port && (ip == netip.IPv6Loopback() || ip == netip.IPv6Unspecified())
		}
	}
	return inner, open, ipv6
}

// Mount is a directory of a container that is mounted, and so not part of the
// container's own layer.
type Mount struct {
	Volume string // the name of the volume; empty for a folder of the host
	Target string
}

// anonymous matches the name that an engine gives to a volume without a name. Such a
// volume is lost along with its container.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// IsPersistent reports whether the files of the mount outlive the container.
func (m Mount) IsPersistent() bool { return !anonymous.MatchString(m.Volume) }

// Setting returns the container's own settings in the form of an image's.
func (c Container) Setting() ImageConfig {
	return ImageConfig{User: c.User, WorkDir: c.WorkDir, Env: c.Env}
}

// Environment returns the value of a variable in an environment; empty when it is not
// set.
func Environment(env []string, name string) string {
	for _, pair := range env {
		if value, found := strings.CutPrefix(pair, name+"="); found {
			return value
		}
	}
	return ""
}

// EnvironmentTokens returns the token that the container was made with, if any.
func EnvironmentTokens(c Container) []secret.Secret {
	if t := Environment(c.Env, "JUPYTER_TOKEN"); t != "" {
		return []secret.Secret{secret.New(t)}
	}
	return nil
}

// Persists reports whether files in the directory outlive the container.
func (c Container) Persists(dir string) bool {
	best := Mount{Volume: strings.Repeat("0", 64), Target: ""}
	for _, m := range c.Mounts {
		if Within(m.Target, dir) && len(m.Target) > len(best.Target) {
			best = m
		}
	}
	return best.IsPersistent()
}

// HasVolumeAt reports whether the container mounts the volume at the directory.
func (c Container) HasVolumeAt(volume, dir string) bool {
	return slices.Contains(c.Mounts, Mount{Volume: volume, Target: dir})
}

// Within reports whether name is the directory dir or a path below it.
func Within(dir, name string) bool {
	return dir == "/" || name == dir || strings.HasPrefix(name, dir+"/")
}

// SystemDirs are the directories that an image needs to run. Nothing is mounted there,
// and files of a container there do not count as a person's work.
var SystemDirs = []string{
	"/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/opt", "/proc", "/run",
	"/sbin", "/sys", "/tmp", "/usr", "/var",
}

// IsSystem reports whether a path is a system directory or below one.
func IsSystem(dir string) bool {
	return slices.ContainsFunc(SystemDirs, func(s string) bool { return Within(s, dir) })
}
