package runtime

// verb is an action that a person can ask for.
type verb uint8

const (
	nothing verb = iota
	start
	stop
	restart
	repair     // restart, and put our settings into a container that is not ours
	update     // pull the image, and replace the container if the image has changed
	revert     // replace the container by one from the image before the last update
	startPlain // start without a GPU
	remove     // delete the container, and the data if that was asked for
	restore    // replace the data; the container is stopped meanwhile
)

func (v verb) String() string {
	return [...]string{"nothing", "start", "stop", "restart", "repair", "update", "revert", "start without GPU", "delete", "restore"}[v]
}

// starts reports whether the verb does nothing if the container runs.
func (v verb) starts() bool { return v == start || v == startPlain }

// changesImage reports whether the verb changes the image of the runtime. If it is
// cancelled or fails, the runtime is as it was.
func (v verb) changesImage() bool { return v == update || v == revert }

// isExclusive reports whether the verb is an exclusive operation. Each request of
// such a verb is carried out by itself, and only its caller may cancel it. For
// other verbs, one operation can answer several requests.
func (v verb) isExclusive() bool { return v == remove || v == restore }
