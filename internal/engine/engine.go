package engine

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// Engine is what every engine can do. What only some engines can do are
// abilities, such as [Replacer] and [Meter]: see [As]. Every method ends soon
// after its context does. Errors wrap one of the Err values where a caller
// decides on them.
type Engine interface {
	// Connect finds out who the engine is, and looks for it first where its
	// address is not given. With an error the info tells where the engine was
	// looked for.
	Connect(ctx context.Context) (Info, error)
	// Watch calls opened once the stream of events is open, then event for each
	// change of a container with one of the names, until the stream ends.
	Watch(ctx context.Context, names []string, opened func(), event func(Event)) error

	// Inspect returns the container of that name or ID; Exists is false when
	// there is none.
	Inspect(ctx context.Context, name string) (Container, error)
	// Create makes the container, and its volume if there is none. With an error
	// it tells what was made before the error.
	Create(ctx context.Context, spec Spec) (Created, error)
	// Start starts the container, or lets a paused one go on. Starting a running
	// one is no error.
	Start(ctx context.Context, id string) error
	// Stop asks the container to end, and ends it after grace.
	Stop(ctx context.Context, id string, grace time.Duration) error
	// Wait returns when the container does not run.
	Wait(ctx context.Context, id string) error
	// Remove removes a container that does not run. Its volume stays.
	Remove(ctx context.Context, id string) error

	// Image returns what is known of an image; its ID is empty when the image is
	// not there, or not for that platform, which can be empty.
	Image(ctx context.Context, image, platform string) (ImageInfo, error)
	// Pull pulls the image, for a platform or the engine's own, and tells how
	// far it is.
	Pull(ctx context.Context, image, platform string, progress func(Progress)) error

	// Logs opens the output of the container, stdout and stderr in one.
	Logs(ctx context.Context, c Container, q LogQuery) (io.ReadCloser, error)
	// Put writes the files, whose paths are relative to /, into the container.
	// They belong to root, and everybody can read them. Written is their time of
	// writing.
	Put(ctx context.Context, id string, files fs.FS, written time.Time) error
	// Get opens a tar archive of a path in the container, running or not.
	Get(ctx context.Context, id, path string) (io.ReadCloser, error)
	// Reach returns the way to a TCP port in the container.
	Reach(ctx context.Context, c Container, port int) (Route, error)

	// Close lets go of the engine's connections.
	Close() error
}

// How long an engine may take for one request, and for what undoes or removes what
// an operation leaves behind. A pull has no limit: it can be cancelled, and the
// engine gives up on a dead connection by itself.
const (
	RequestTimeout = time.Minute
	CleanupTimeout = 30 * time.Second
)

// Created tells what [Engine.Create] has made.
type Created struct {
	// ID is that of the container; empty when there is none.
	ID string
	// Volume tells that the volume was made for it.
	Volume bool
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
