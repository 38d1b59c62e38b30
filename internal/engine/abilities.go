package engine

import (
	"context"
	"io"
	"time"

	"colabtray/internal/config"
)

// As returns an engine as one that has an ability: an interface that the engine
// implements besides [Engine], such as [Meter]. When the engine lacks the ability and
// has a method Unwrap() Engine, As looks at the engine that Unwrap returns.
func As[Ability any](e Engine) (a Ability, has bool) {
	for e != nil {
		if a, has = e.(Ability); has {
			return a, true
		}
		outer, ok := e.(interface{ Unwrap() Engine })
		if !ok {
			break
		}
		e = outer.Unwrap()
	}
	return a, false
}

// Need is like [As], but returns [ErrLacks] when the engine lacks the ability.
func Need[Ability any](e Engine) (Ability, error) {
	a, has := As[Ability](e)
	if !has {
		return a, ErrLacks
	}
	return a, nil
}

// Finder is the ability of an engine whose address is looked for on this computer.
type Finder interface {
	// Which returns what is known of the engine without a request to it: its address,
	// how the address was found, and the name of the product, which is a guess until
	// the engine has answered.
	Which() Info
	// Await returns when something changed in a place where the engine may be, or when
	// ctx ends.
	Await(ctx context.Context)
}

// Connection is the ability of an engine on another machine that is reached through a
// connection of its own, which can be lost and is repaired, such as one over ssh.
type Connection interface {
	// ConnectionStatus reports whether the connection stands, and since when that is so.
	// An engine that is on this computer after all has none, since the zero time.
	ConnectionStatus() (connected bool, since time.Time)
	// ConnectionChanged returns a channel that is closed when the status changes next.
	// Who wants to miss no change gets the channel before the status.
	ConnectionChanged() <-chan struct{}
	// RetryConnection makes the next attempt to connect start at once, whatever failed
	// before: a person may have done something about it.
	RetryConnection()
}

// Remote is the ability of an engine on another machine to run commands there.
type Remote interface {
	// RunThere runs a command on the engine's machine, as the account by which the
	// engine is reached, and returns what it writes to standard output. The words are
	// data. The error is [ErrLacks] where the engine turns out to be on this computer, or
	// where nothing but the engine can be reached there.
	RunThere(ctx context.Context, command ...string) (string, error)
}

// FolderChecker is the ability to look at folders of the engine's machine before a
// container has them.
type FolderChecker interface {
	// CheckFolders returns nil, [ErrNoFolder] or [ErrFolderDenied]. What it cannot tell
	// is left to the engine.
	CheckFolders(ctx context.Context, folders []config.Folder) error
}

// Replacer is the ability to replace a container with another one of the same name.
type Replacer interface {
	// Named returns the containers that were made for a runtime, running or not. It
	// maps their names to their IDs.
	Named(ctx context.Context, runtime string) (map[string]string, error)
	// Rename gives a container another name.
	Rename(ctx context.Context, id, name string) error
}

// Remaker is the ability to make a container anew in its place, under the same name and
// ID. It serves where [Replacer] is lacking: on an engine that keeps nothing of a
// container that was stopped but its volumes.
type Remaker interface {
	// CanMake returns the error that Remake returns for what a spec asks for.
	CanMake(ctx context.Context, spec Spec) error
	// Remake makes a container that does not run, and has nothing in reserve, anew from a
	// spec, and its volume if it does not exist. What the container was made from is kept
	// in reserve ([Container.RemadeAt]). It is all done or nothing, also if the program is
	// killed meanwhile.
	Remake(ctx context.Context, id string, spec Spec) error
	// Unmake makes a container that does not run from what is in reserve. Without a
	// reserve it does nothing.
	Unmake(ctx context.Context, id string) error
	// Keep forgets what is in reserve.
	Keep(ctx context.Context, id string) error
}

// Tagger is the ability to name images.
type Tagger interface {
	// Tag gives the image with that ID a name, and takes the name from any other image.
	Tag(ctx context.Context, id, name string) error
	// Untag takes a name from an image. The engine deletes the image when that was its
	// last name and no container is made from it.
	Untag(ctx context.Context, name string) error
}

// ClusterPuller is the ability of a cluster to pull an image where a profile's settings
// for a cluster say, and with the secret that they name.
type ClusterPuller interface {
	// PullFor is like [Engine.Pull].
	PullFor(ctx context.Context, image, platform string, at config.ClusterSettings, progress func(Progress)) error
}

// PullFor pulls the image of a profile as its settings say.
func PullFor(ctx context.Context, e Engine, p config.Profile, progress func(Progress)) error {
	if cluster, is := As[ClusterPuller](e); is {
		return cluster.PullFor(ctx, p.Image, p.Platform, p.Cluster, progress)
	}
	return e.Pull(ctx, p.Image, p.Platform, progress)
}

// RemoteImages is the ability to ask the registry of an image, without a pull.
type RemoteImages interface {
	// RemoteDigest returns the digest of the image that a pull of ref would get, such as
	// "sha256:..."; it is one of [ImageInfo.Digests] when the engine has that image. The
	// error is [ErrLacks] when the engine turns out not to have the ability,
	// [ErrImageNotFound] when the registry does not give the image, and [ErrNetwork] when
	// the registry cannot be reached or does not answer in time.
	RemoteDigest(ctx context.Context, ref string) (string, error)
}

// Differ is the ability to tell which files of a container changed. An engine without it
// keeps nothing of a container that was stopped but its volumes.
type Differ interface {
	// Changed returns the paths that were added to a container's own layer, and those
	// that were changed there, since the container was made. Paths below a mount are
	// left out.
	Changed(ctx context.Context, id string) (added, changed []string, err error)
}

// Meter is the ability to measure the resources that a container uses.
type Meter interface {
	// Stats calls each about once a second with the container's usage, until the
	// container no longer runs.
	Stats(ctx context.Context, id string, each func(Usage)) error
}

// Usage is what a container uses at one moment, as the engine reports it about once a
// second. Engines do not report GPUs.
type Usage struct {
	// At is the time of the measurement by the engine's clock.
	At time.Time
	// CPU is how many processors were busy on average since the last measurement, such
	// as 1.5.
	CPU float64
	// CPUs is how many processors the engine's machine has; 0 when the engine does not
	// say.
	CPUs int
	// Memory is the memory in use, in bytes. It leaves out cached files, whose memory
	// the kernel frees on demand.
	Memory uint64
	// MemoryLimit is the most memory that the container can use, in bytes: its limit,
	// or all of the machine's; 0 when the engine does not say.
	MemoryLimit uint64
	// DiskRead and DiskWrite are in bytes per second since the last measurement.
	DiskRead, DiskWrite float64
	// HasDisk tells that the engine reports use of the disk.
	HasDisk bool
	// Received and Sent are what the container's networks carry, in bytes per second
	// since the last measurement.
	Received, Sent float64
	// HasNetwork tells that the engine reports use of the network. A container with the
	// network of its host has none of its own.
	HasNetwork bool
}

// Executor is the ability to run commands in a container.
type Executor interface {
	// Exec runs a command in the container as the container's user, and returns the
	// beginning of its output. The command may go on after ctx ends.
	Exec(ctx context.Context, id string, cmd []string) (stdout, stderr string, err error)
}

// Attacher is the ability to run a command in a container that somebody talks to.
type Attacher interface {
	// Attach runs a command in the container as the container's user, and returns its
	// exit code. When ctx ends, the command loses its input and may go on. A read of
	// the command's Stdin may still be under way when Attach returns.
	Attach(ctx context.Context, id string, c Command) (exitCode int, err error)
}

// Command is a command for [Attacher].
type Command struct {
	// Args are the program and its arguments.
	Args []string
	// Dir is the working directory; empty for the container's.
	Dir string
	// Env has variables besides those of the container.
	Env []string
	// Stdin is the command's input, up to its end.
	Stdin io.Reader
	// Stdout and Stderr receive the command's output; with a Terminal, Stdout has all.
	Stdout, Stderr io.Writer
	// Terminal gives the command a terminal of its own. It has the sizes that arrive,
	// and they must not end.
	Terminal <-chan TerminalSize
}

// TerminalSize is the size of a terminal in characters.
type TerminalSize struct {
	Rows, Columns uint
}

// Ports is the ability to publish ports of containers on the engine's machine, and to tell
// which containers do. Without it, [Engine.Reach] alone leads to a container, and all of
// its ports are open to that.
type Ports interface {
	// PublishedBy returns the names of the containers that publish a port of the host.
	PublishedBy(ctx context.Context, port int) ([]string, error)
}

// Features tell which features the program can offer with an engine. A feature that an
// engine lacks is not offered.
type Features struct {
	// Replace: the program replaces a container when changed settings require it.
	Replace bool
	// Update: the program updates the image, and can undo the update.
	Update bool
	// Data: the program backs up, restores and deletes the data.
	Data bool
	// Stats: the program measures what a runtime uses.
	Stats bool
	// IdleStop: the program stops a runtime that is idle.
	IdleStop bool
	// Shell: the program opens a terminal in the container.
	Shell bool
	// Packages: the program lists the packages that only the container has.
	Packages bool
	// Cluster: the engine is many machines, of which none has folders and ports for a
	// container, and whose hardware others get as soon as a container stops.
	Cluster bool
}

// FeaturesOf returns the features that the abilities of an engine allow.
func FeaturesOf(e Engine) Features {
	_, replaces := As[Replacer](e)
	_, remakes := As[Remaker](e)
	_, tags := As[Tagger](e)
	_, differs := As[Differ](e)
	_, volumes := As[Volumes](e)
	_, measures := As[Meter](e)
	_, executes := As[Executor](e)
	_, attaches := As[Attacher](e)
	_, isCluster := As[ClusterPuller](e)
	return Features{
		Replace:  replaces && differs || remakes && !replaces,
		Update:   replaces && differs && tags,
		Data:     volumes,
		Stats:    measures,
		IdleStop: executes,
		Shell:    attaches,
		Packages: differs && executes,
		Cluster:  isCluster,
	}
}
