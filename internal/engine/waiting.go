package engine

import "time"

// Waiting tells why a container that was started does not run its command yet. Only an
// engine that is many machines has containers wait for long; one that waits counts as
// running, because a stop gives up the wait.
type Waiting struct {
	For WaitingFor
	// Since is when the wait began; zero when the engine does not say.
	Since time.Time
	// Said is what the engine says of it, in its own words; often empty.
	Said string
}

// IsOpenEnded reports whether the wait lasts until others give something free or provide
// it, so that nobody can tell how long. Any other wait is a part of the start.
func (w Waiting) IsOpenEnded() bool {
	return w.For == WaitingForGPU || w.For == WaitingForRoom || w.For == WaitingForVolume
}

// WaitingFor is what a container waits for.
type WaitingFor string

// What a container can wait for.
const (
	WaitingForGPU    WaitingFor = "gpu"    // that another container gives one free
	WaitingForRoom   WaitingFor = "room"   // for memory, processors, or a machine that fits
	WaitingForVolume WaitingFor = "volume" // that the data volume is made or reached
	WaitingForImage  WaitingFor = "image"  // that the machine has pulled it
	WaitingForData   WaitingFor = "data"   // that the volume is filled for the first time
	WaitingForStart  WaitingFor = "start"  // nothing else
)

// Cause is why the engine itself ended a container, or could not start it.
type Cause string

// The causes that an exit code does not tell. The data volume is kept in each.
const (
	CauseEvicted   Cause = "evicted"    // its machine ran out of something
	CausePreempted Cause = "preempted"  // to make room for something more urgent
	CauseLost      Cause = "lost"       // its machine is gone, or was emptied
	CauseDeleted   Cause = "deleted"    // somebody else has ended it
	CauseImage     Cause = "image"      // the image cannot be pulled
	CauseNotMade   Cause = "not-made"   // its machine refuses what it was asked for
	CauseOverdue   Cause = "overdue"    // it was allowed to run for so long only
	CauseNotFilled Cause = "not-filled" // the volume could not be filled for the first time
	CauseReadOnly  Cause = "read-only"  // its user cannot write to the volume
)
