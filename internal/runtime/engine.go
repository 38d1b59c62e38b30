package runtime

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"time"
)

// Engine is what this package asks of a Docker-compatible engine. Every method
// ends soon after its context does. Errors wrap one of the Err values below
// where a caller decides on them.
type Engine interface {
	// Which tells what is known of the engine without asking it: its address, how
	// it was found, and the name of its kind, which is a guess until it answered.
	Which() EngineInfo
	// Host returns the address of the engine.
	Host() string
	// CLI returns the command that asks the engine in a terminal, such as
	// "docker" or "podman".
	CLI() string
	// Ping asks who the engine is; it negotiates the API version anew.
	Ping(ctx context.Context) (EngineInfo, error)
	// Await returns when something changed where the engine may be, or ctx ends.
	Await(ctx context.Context)
	// Kind tells how the engine was installed.
	Kind(ctx context.Context) (EngineKind, error)
	// Events calls opened once the stream is open, then event for each change
	// of a container with one of the names, until the stream ends.
	Events(ctx context.Context, names []string, opened func(), event func(ContainerEvent)) error

	// Inspect returns the container of that name or ID; Exists is false when
	// there is none.
	Inspect(ctx context.Context, name string) (Container, error)
	// Named returns the containers that were made for one runtime, running or
	// not: name to ID.
	Named(ctx context.Context, runtime string) (map[string]string, error)
	// Create makes the container and returns its ID.
	Create(ctx context.Context, spec Spec) (id string, err error)
	// CopyTo writes the files, whose paths are relative to /, into the container,
	// with their stamp as the time of writing.
	CopyTo(ctx context.Context, id string, files fs.FS) error
	// Modified returns when a file in the container was written last.
	Modified(ctx context.Context, id, path string) (time.Time, error)
	// Start starts the container; starting a running one is no error.
	Start(ctx context.Context, id string) error
	// Unpause lets a paused container go on.
	Unpause(ctx context.Context, id string) error
	// Stop asks the container to end, and ends it after grace.
	Stop(ctx context.Context, id string, grace time.Duration) error
	// Remove removes a container that does not run.
	Remove(ctx context.Context, id string) error
	// Rename gives a container another name.
	Rename(ctx context.Context, id, name string) error
	// Wait returns when the container does not run.
	Wait(ctx context.Context, id string) error
	// Logs opens the output of the container, stdout and stderr in one.
	Logs(ctx context.Context, c Container, q LogQuery) (io.ReadCloser, error)
	// Stats tells what the container uses, about once a second, until it does
	// not run any more.
	Stats(ctx context.Context, id string, each func(Usage)) error
	// Exec runs a command in the container, as its user, and returns the beginning
	// of what it says. When ctx ends the command may go on.
	Exec(ctx context.Context, id string, cmd []string) (stdout, stderr string, err error)
	// Archive opens a tar archive of a path in the container.
	Archive(ctx context.Context, id, path string) (io.ReadCloser, error)
	// Changed returns the paths of a container's own layer that were added, and
	// those that were changed, since it was made. What is mounted is left out.
	Changed(ctx context.Context, id string) (added, changed []string, err error)
	// PublishedBy returns the names of the containers that publish a host port.
	PublishedBy(ctx context.Context, port int) ([]string, error)

	// ImageID returns the ID of an image, empty when it is not there, or not
	// for that platform, which can be empty.
	ImageID(ctx context.Context, image, platform string) (string, error)
	// IsLocal reports whether an image that is there was made on the engine's
	// machine, so that no registry is known to have it.
	IsLocal(ctx context.Context, image string) (bool, error)
	// ImageConfig returns what the image says of containers made from it.
	ImageConfig(ctx context.Context, image string) (ImageConfig, error)
	// Pull pulls the image, for a platform or the engine's own, and tells how
	// far it is.
	Pull(ctx context.Context, image, platform string, progress func(Progress)) error

	// Tag has the name of an image mean the image of that ID.
	Tag(ctx context.Context, id, name string) error
	// Untag takes a name from an image. One that has no other, and that no
	// container is made from, goes.
	Untag(ctx context.Context, name string) error

	// MappedUser returns the user, as numbers, whom a person is to be in what
	// mounts a new volume; empty where the engine has no such way or no need.
	MappedUser(ctx context.Context, spec Spec) (user string, err error)
	// EnsureVolume makes the volume if there is none, and reports whether it did.
	EnsureVolume(ctx context.Context, name string, labels map[string]string) (made bool, err error)
	// RemoveVolume removes a volume that no container uses.
	RemoveVolume(ctx context.Context, name string) error
	// HasVolume reports whether the volume is there.
	HasVolume(ctx context.Context, name string) (bool, error)
	// VolumeSize returns how many bytes the volume takes; it wraps ErrNotFound
	// when the engine does not know, and ErrBusy when it may tell soon.
	VolumeSize(ctx context.Context, name string) (int64, error)
	// VolumeUsers returns the names of the containers that mount the volume, or
	// of those that also run.
	VolumeUsers(ctx context.Context, volume string, running bool) ([]string, error)

	// Images returns the IDs of the images that are there.
	Images(ctx context.Context) ([]string, error)
	// Helpers returns the helper containers that were made for a runtime.
	Helpers(ctx context.Context, runtime string) ([]Helper, error)
	// CreateHelper makes a helper container and returns its ID.
	CreateHelper(ctx context.Context, spec HelperSpec) (id string, err error)
	// ReadHelper opens a tar archive of what a helper has at Path, which was made
	// with the command archiver.
	ReadHelper(ctx context.Context, id string) (io.ReadCloser, error)
	// RemoveHelper removes a helper container, also one that runs or is gone.
	RemoveHelper(ctx context.Context, id string) error
	// Unpack unpacks a tar archive at a path in the container.
	Unpack(ctx context.Context, id, path string, archive io.Reader) error

	// Close lets go of the engine's connections.
	Close() error
}

// How long an engine may take for one request, and for what undoes or removes what
// an operation leaves behind. A pull has no limit: it can be cancelled, and the
// engine gives up on a dead connection by itself.
const (
	quickly  = time.Minute
	undoTime = 30 * time.Second
)

// What an error of the engine can be about.
var (
	ErrUnreachable   = errors.New("engine cannot be reached")
	ErrSilent        = fmt.Errorf("%w: it is there, and does not answer in time", ErrUnreachable)
	errHangsUp       = fmt.Errorf("%w: it is there, and hangs up", ErrUnreachable)
	ErrPermission    = errors.New("no permission to use the engine")
	ErrTooOld        = errors.New("engine is too old")
	ErrNotFound      = errors.New("not found")
	ErrConflict      = errors.New("name is taken")
	ErrPortInUse     = errors.New("port is in use")
	ErrImageNotFound = errors.New("image not found")
	ErrNetwork       = errors.New("registry cannot be reached")
	ErrDiskFull      = errors.New("disk is full")
	ErrPlatform      = errors.New("image is for another platform")
	ErrNoFolder      = errors.New("folder of the host is not there")
	ErrBusy          = errors.New("engine does that for somebody else")
)

// ContainerEvent is a hint that a container changed.
type ContainerEvent struct {
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
	// Inherited has the labels of its image; it is nil when that is gone, or
	// nothing depends on it.
	Inherited map[string]string
	Network   string // the mode of its network, such as "none"
	User      string
	WorkDir   string
	Cmd       []string // with the entrypoint
	Env       []string
	TTY       bool
	Mounts    []Mount
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
	Given       Given
}

// outputSince returns from when on the output is that of this run. An engine
// notes the start only after the process has begun to write.
func (c Container) outputSince() time.Time { return c.StartedAt.Add(-time.Second) }

// Helper is a container that was made to get at the data of a runtime, and that
// is removed again.
type Helper struct {
	Name, ID string
	// Writes tells that it was made to change the data.
	Writes bool
}

// HelperSpec is what a helper is made from. It has no network, and its command
// is run by root.
type HelperSpec struct {
	Runtime string // whose data they are
	Image   string
	Cmd     []string
	Volume  string // empty for none
	Path    string // where the volume is mounted
	Writes  bool
	// Prints tells that its output is data, and is not to be kept.
	Prints bool
}

// LogQuery selects what of a container's output is wanted.
type LogQuery struct {
	// Since leaves out what is older, when not zero.
	Since time.Time
	// Tail is the number of last lines wanted; negative for all.
	Tail int
	// Follow keeps the stream open until the container ends.
	Follow bool
}
