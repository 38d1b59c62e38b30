package engine

import "context"

// As returns an engine as one that has an ability: an interface that the engine
// has besides [Engine], such as [Meter]. An engine that stands before another one
// has the abilities of the other one, too, when its method Unwrap returns it.
func As[Ability any](e Engine) (a Ability, has bool) {
	for e != nil {
		if a, has = e.(Ability); has {
			return a, true
		}
		outer, is := e.(interface{ Unwrap() Engine })
		if !is {
			break
		}
		e = outer.Unwrap()
	}
	return a, false
}

// Need is [As] with [ErrLacks] when the engine does not have the ability.
func Need[Ability any](e Engine) (Ability, error) {
	a, has := As[Ability](e)
	if !has {
		return a, ErrLacks
	}
	return a, nil
}

// Finder is the ability of an engine that is looked for on this computer.
type Finder interface {
	// Which tells what is known of the engine without asking it: its address, how
	// it was found, and the name of its kind, which is a guess until it answered.
	Which() Info
	// Await returns when something changed where the engine may be, or ctx ends.
	Await(ctx context.Context)
}

// Replacer is the ability to put one container in the place of another.
type Replacer interface {
	// Named returns the containers that were made for one runtime, running or
	// not: name to ID.
	Named(ctx context.Context, runtime string) (map[string]string, error)
	// Rename gives a container another name.
	Rename(ctx context.Context, id, name string) error
}

// Tagger is the ability to give images names.
type Tagger interface {
	// Tag has the name of an image mean the image of that ID.
	Tag(ctx context.Context, id, name string) error
	// Untag takes a name from an image. An image goes when it has no other name
	// and no container is made from it.
	Untag(ctx context.Context, name string) error
}

// Differ is the ability to tell what changed in a container.
type Differ interface {
	// Changed returns the paths of a container's own layer that were added, and
	// those that were changed, since it was made. What is mounted is left out.
	Changed(ctx context.Context, id string) (added, changed []string, err error)
}

// Meter is the ability to measure what a container uses.
type Meter interface {
	// Stats tells what the container uses, about once a second, until it does
	// not run any more.
	Stats(ctx context.Context, id string, each func(Usage)) error
}

// Executor is the ability to run commands in a container.
type Executor interface {
	// Exec runs a command in the container, as its user, and returns the beginning
	// of what it says. When ctx ends the command may go on.
	Exec(ctx context.Context, id string, cmd []string) (stdout, stderr string, err error)
}

// Ports is the ability to tell which container has a port.
type Ports interface {
	// PublishedBy returns the names of the containers that publish a host port.
	PublishedBy(ctx context.Context, port int) ([]string, error)
}

// Features tell what an engine can do for a person that not every engine can.
// What it cannot do is not offered.
type Features struct {
	// Replace tells that a container is made anew when the settings ask for it.
	Replace bool
	// Update tells that an update of the image is tried, and can be undone.
	Update bool
	// Data tells that the data can be backed up, restored and deleted.
	Data bool
	// Stats tells that what a runtime uses is measured.
	Stats bool
	// IdleStop tells that a runtime can be stopped when it is idle.
	IdleStop bool
}

// FeaturesOf tells what an engine can do, by the abilities that it has.
func FeaturesOf(e Engine) Features {
	_, replaces := As[Replacer](e)
	_, tags := As[Tagger](e)
	_, differs := As[Differ](e)
	_, volumes := As[Volumes](e)
	_, measures := As[Meter](e)
	_, executes := As[Executor](e)
	return Features{
		Replace:  replaces && differs,
		Update:   replaces && differs && tags,
		Data:     volumes && differs,
		Stats:    measures,
		IdleStop: executes,
	}
}
