package engine

import (
	"context"
	"io"
	"io/fs"
	"time"
)

// Engine is what every engine can do. What only some engines can do is an ability, such
// as [Replacer] or [Meter]; see [As]. Every method returns soon after its context ends,
// and one that moves no data within [RequestTimeout] on its own account: an engine that
// hangs keeps nobody waiting for ever.
// Errors wrap one of the Err values of this package where a caller decides on them.
type Engine interface {
	// Connect finds out which engine this is. It first looks for the engine when its
	// address was not given. With an error, the Info tells where Connect looked.
	Connect(ctx context.Context) (Info, error)
	// Watch calls opened once the stream of events is open. It then calls event for
	// each change of a container with one of the names, until the stream ends.
	Watch(ctx context.Context, names []string, opened func(), event func(Event)) error

	// Inspect returns the container with that name or ID. Exists is false when there is
	// none.
	Inspect(ctx context.Context, name string) (Container, error)
	// Create makes the container, and its volume if it does not exist. With an error,
	// Created tells what was made before the error.
	Create(ctx context.Context, spec Spec) (Created, error)
	// Start starts the container, or resumes a paused one. To start a running container
	// is no error.
	Start(ctx context.Context, id string) error
	// Stop asks the container to end, also a paused one, and kills it after the duration
	// grace.
	Stop(ctx context.Context, id string, grace time.Duration) error
	// Wait returns when the container does not run.
	Wait(ctx context.Context, id string) error
	// Remove removes a container that does not run, and keeps its named volumes.
	Remove(ctx context.Context, id string) error

	// Image returns what the engine knows of an image. The ID is empty when the engine
	// does not have the image, or not for the platform. An empty platform means any.
	Image(ctx context.Context, image, platform string) (ImageInfo, error)
	// Pull pulls the image for a platform, or for the engine's own when platform is
	// empty. It calls progress with how far the pull is.
	Pull(ctx context.Context, image, platform string, progress func(Progress)) error

	// Logs opens the output of the container, stdout and stderr together.
	Logs(ctx context.Context, c Container, q LogQuery) (io.ReadCloser, error)
	// Put writes the files into the container; their paths are relative to /. The files
	// belong to root, everybody can read them, and their modification time is written.
	Put(ctx context.Context, id string, files fs.FS, written time.Time) error
	// Get opens a tar archive of a path in the container, running or not.
	Get(ctx context.Context, id, path string) (io.ReadCloser, error)
	// Reach returns the route to a TCP port in the container.
	Reach(ctx context.Context, c Container, port int) (Route, error)

	// Close closes the connections to the engine.
	Close() error
}

// RequestTimeout limits one request to an engine. CleanupTimeout limits the requests
// that undo an operation or remove what it left behind. A pull has no limit: a person
// can cancel it, and the engine gives up on a dead connection by itself.
const (
	RequestTimeout = time.Minute
	CleanupTimeout = 30 * time.Second
)

// Created tells what [Engine.Create] made.
type Created struct {
	// ID is the ID of the container; empty when none was made.
	ID string
	// Volume tells that the volume was made, too: it did not exist before.
	Volume bool
}

// LogQuery selects a part of a container's output.
type LogQuery struct {
	// Since leaves out output from before that time, unless it is zero.
	Since time.Time
	// Tail is the number of last lines to return; negative for all.
	Tail int
	// Follow keeps the stream open until the container ends.
	Follow bool
}
