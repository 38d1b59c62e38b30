package runtime

// verb is what a person can ask for.
type verb uint8

const (
	nothing verb = iota
	start
	stop
	restart
	repair     // restart, with the settings put in though the container is not ours
	update     // pull the image, and make the container anew if it is another one
	revert     // make the container anew from the image before the last update
	startPlain // start, without a GPU
	remove     // delete the container, and the data if that was asked for
	restore    // put other data into the volume; the container is stopped for it
)

func (v verb) String() string {
	return [...]string{"nothing", "start", "stop", "restart", "repair", "update", "revert", "start without GPU", "delete", "restore"}[v]
}

// starts reports whether the verb leaves alone what runs.
func (v verb) starts() bool { return v == start || v == startPlain }

// changesImage reports whether the verb brings another image, or leaves the
// runtime as it was.
func (v verb) changesImage() bool { return v == update || v == revert }

// isExclusive reports whether the verb stands for a job, which is never begun for
// another that is like it, and which only who asked for it may cancel.
func (v verb) isExclusive() bool { return v == remove || v == restore }
