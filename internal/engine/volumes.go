package engine

import (
	"context"
	"crypto/rand"
	"io"
	"path"
	"strings"
)

// Volumes is the ability to work on the data volumes of runtimes, and on helper
// containers through which a volume is read and written.
type Volumes interface {
	// EnsureVolume makes the volume of a spec if it does not exist, and reports whether
	// it made one.
	EnsureVolume(ctx context.Context, spec Spec) (made bool, err error)
	// RemoveVolume removes a volume that no container uses.
	RemoveVolume(ctx context.Context, name string) error
	// HasVolume reports whether the volume exists.
	HasVolume(ctx context.Context, name string) (bool, error)
	// VolumeSize returns the size of the volume in bytes. The error wraps [ErrNotFound]
	// when the engine does not know the size, and [ErrBusy] when the engine may know it
	// soon.
	VolumeSize(ctx context.Context, name string) (int64, error)
	// VolumeUsers returns the names of the containers that mount the volume; only those
	// that run when running is true.
	VolumeUsers(ctx context.Context, volume string, running bool) ([]string, error)

	// Images returns the IDs of the images that the engine has.
	Images(ctx context.Context) ([]string, error)
	// Helpers returns the helper containers of a runtime.
	Helpers(ctx context.Context, runtime string) ([]Helper, error)
	// CreateHelper makes a helper container and returns its ID.
	CreateHelper(ctx context.Context, spec HelperSpec) (id string, err error)
	// ReadHelper opens a tar archive of the path that a helper was made to read by
	// [ReadingHelper]. Reading ends with [ErrChanged] when a file changed meanwhile.
	ReadHelper(ctx context.Context, id, path string) (io.ReadCloser, error)
	// RemoveHelper removes a helper container, even one that runs. It is no error when
	// the helper is already gone.
	RemoveHelper(ctx context.Context, id string) error
	// Unpack unpacks a tar archive into a directory of the container.
	Unpack(ctx context.Context, id, path string, archive io.Reader) error
}

// Mountpoints is the ability to tell where the files of a volume are.
type Mountpoints interface {
	// Mountpoint returns the directory of a volume on the engine's machine; empty when
	// it has none.
	Mountpoint(ctx context.Context, volume string) (string, error)
}

// Helper is a temporary container for work on the data of a runtime.
type Helper struct {
	Name, ID string
	// Writes tells that the helper was made to change the data.
	Writes bool
}

// HelperSpec is what a helper is made from. A helper has no network, and root runs its
// command.
type HelperSpec struct {
	Runtime string // the runtime whose data it works on
	Image   string
	Cmd     []string
	Volume  string // empty for none
	Path    string // where the volume is mounted
	Writes  bool
	// Prints tells that the helper's output is data, which the engine must not keep as
	// a log.
	Prints bool
}

// ReadingHelper returns the spec of a helper through which a path is read: the whole
// volume at [HelperDataDir], or what is below.
func ReadingHelper(runtime, image, volume, name string) HelperSpec {
	archiver := []string{"tar", "--create", "--file=-", "--format=posix", "--numeric-owner", "--directory=" + path.Dir(name), "--", path.Base(name)}
	return HelperSpec{Runtime: runtime, Image: image, Cmd: archiver, Volume: volume, Path: HelperDataDir, Prints: true}
}

// HelperDataDir is the directory at which a helper mounts the data volume.
const HelperDataDir = "/colab-tray-data"

// helperPrefix begins the name of every helper.
const helperPrefix = "colab-tray-helper-"

// HelperName returns a new name for a helper that tells people what the container is
// for.
func HelperName(runtime string) string {
	return helperPrefix + runtime + "-" + strings.ToLower(rand.Text()[:8])
}
