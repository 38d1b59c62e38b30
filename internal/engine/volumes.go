package engine

import (
	"context"
	"crypto/rand"
	"io"
	"strings"
)

// Volumes is the ability to work on the data volumes of runtimes, without and
// with a container.
type Volumes interface {
	// EnsureVolume makes the volume of a spec if there is none, and reports
	// whether it did.
	EnsureVolume(ctx context.Context, spec Spec) (made bool, err error)
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
	// ReadHelper opens a tar archive of what a helper has at Path, which is a
	// [ReadingHelper]. Reading ends with ErrChanged when a file changed
	// meanwhile.
	ReadHelper(ctx context.Context, id string) (io.ReadCloser, error)
	// RemoveHelper removes a helper container, also one that runs or is gone.
	RemoveHelper(ctx context.Context, id string) error
	// Unpack unpacks a tar archive at a path in the container.
	Unpack(ctx context.Context, id, path string, archive io.Reader) error
}

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

// ReadingHelper is a helper through which a volume is read.
func ReadingHelper(runtime, image, volume string) HelperSpec {
	return HelperSpec{Runtime: runtime, Image: image, Cmd: archiver, Volume: volume, Path: HelperDataDir, Prints: true}
}

// HelperDataDir is where a helper has the data volume.
const HelperDataDir = "/colab-tray-data"

// helperPrefix begins the names of helpers.
const helperPrefix = "colab-tray-helper-"

// HelperName returns a name that tells people what the container is for.
func HelperName(runtime string) string {
	return helperPrefix + runtime + "-" + strings.ToLower(rand.Text()[:8])
}

// archiver is the command of a helper that reads the volume.
var archiver = []string{"tar", "--create", "--file=-", "--format=posix", "--numeric-owner", "--directory=/", strings.TrimPrefix(HelperDataDir, "/")}
