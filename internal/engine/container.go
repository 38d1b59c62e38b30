package engine

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"colabtray/internal/config"
)

// Event is a hint that a container changed.
type Event struct {
	// Container is its name.
	Container string
	// Action is what happened, in the engine's words: "start", "die", "kill".
	Action string
}

// Container is what the engine says of a container.
type Container struct {
	Exists    bool
	Name      string
	ID        string
	Image     string
	ImageID   string
	Running   bool // also while Paused
	Paused    bool
	Unhealthy bool      // the image's own health check says so
	StartedAt time.Time // zero when it never ran
	EndedAt   time.Time
	ExitCode  int
	OOMKilled bool
	Labels    map[string]string
	// LabelsOfImage has the labels of its image; it is nil when that is gone, or
	// nothing depends on it.
	LabelsOfImage map[string]string
	Network       string // the mode of its network, such as "none"
	User          string
	WorkDir       string
	Cmd           []string // with the entrypoint
	Env           []string
	TTY           bool
	Mounts        []Mount
	// LogDriver is what its output is kept by; the engine's names vary.
	LogDriver string
	// Ports maps the TCP ports in the container to the ports of the host at
	// which 127.0.0.1 reaches them.
	Ports map[int]int
	// Addresses maps the TCP ports in the container to all the addresses of the
	// host at which they are published, IPv4 first.
	Addresses map[int][]netip.AddrPort
	// HostNetwork tells that the container has no network of its own: its ports
	// are those of the host.
	HostNetwork bool
	Effective   Effective
}

// OutputSince returns from when on the output is that of this run. An engine
// notes the start only after the process has begun to write.
func (c Container) OutputSince() time.Time { return c.StartedAt.Add(-time.Second) }

// Effective is what an engine says that it gave a container.
type Effective struct {
	Memory  int64   // bytes; 0 for no limit
	CPUs    float64 // 0 for no limit
	ShmSize int64   // bytes
	Folders []config.Folder
	// Mapped tells that its users are others outside than the engine's own way
	// has them.
	Mapped bool
	// CreateWarnings is what the engine had to say when it made the container, as far as
	// this program asked it to.
	CreateWarnings []string
}

// Published returns to which port in the container a port of the host leads, at
// which address other computers reach that one, if any, and whether this
// computer reaches it at [::1].
func (c Container) Published(port int) (inner int, open string, ipv6 bool) {
	for in, at := range c.Ports {
		if at != port {
			continue
		}
		inner = in
		for _, address := range c.Addresses[in] {
			ip := address.Addr().Unmap()
			if !ip.IsLoopback() && open == "" {
				open = address.String()
			}
			ipv6 = ipv6 || int(address.Port()) == port && (ip == netip.IPv6Loopback() || ip == netip.IPv6Unspecified())
		}
	}
	return inner, open, ipv6
}

// Mount is a place in a container that is not of its own layer.
type Mount struct {
	Volume string // its name; empty when it is a folder of the host
	Target string
}

// anonymous is what engines call a volume that nobody gave a name: it is
// forgotten along with the container.
var anonymous = regexp.MustCompile(`^[0-9a-f]{64}$`)

// IsPersistent reports whether what lies there is found again without the container.
func (m Mount) IsPersistent() bool { return !anonymous.MatchString(m.Volume) }

// Setting is what the engine says of a container in the words of an image.
func (c Container) Setting() ImageConfig {
	return ImageConfig{User: c.User, WorkDir: c.WorkDir, Env: c.Env}
}

// Persists reports whether what lies in the directory is found again when the
// container is not there any more.
func (c Container) Persists(dir string) bool {
	best := Mount{Volume: strings.Repeat("0", 64), Target: ""}
	for _, m := range c.Mounts {
		if Within(m.Target, dir) && len(m.Target) > len(best.Target) {
			best = m
		}
	}
	return best.IsPersistent()
}

// HasVolumeAt reports whether the container has the volume at the directory.
func (c Container) HasVolumeAt(volume, dir string) bool {
	return slices.Contains(c.Mounts, Mount{Volume: volume, Target: dir})
}

// Within reports whether a path is a directory or below it.
func Within(dir, name string) bool {
	return dir == "/" || name == dir || strings.HasPrefix(name, dir+"/")
}
