package runtime

import (
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// Snapshot is what is known of a runtime at one moment. It is immutable: a
// change makes a new one with a higher Rev.
type Snapshot struct {
	// Rev counts the changes since the program started, from 1.
	Rev uint64
	// State is what the runtime is doing.
	State State
	// Since is when State was entered, as far as this program saw it.
	Since time.Time
	// Profile is the name of the profile the runtime belongs to.
	Profile string
	// Runtime is the name of the container.
	Runtime string
	// Image is the image that the container was made from, or would be.
	Image string
	// Port is the published port on the loopback interface, or the one that
	// would be.
	Port int
	// InnerPort is the port in the container that Port leads to; 0 while there is
	// no container.
	InnerPort int
	// Open is the address at which other computers reach the runtime, while it
	// runs; empty when they do not.
	Open string
	// IPv6 tells that this computer reaches the runtime at [::1], too.
	IPv6 bool
	// Ours tells that the container was made by this program, which puts the
	// settings that Colab needs into it.
	Ours bool
	// Container is the ID of the container; empty when there is none.
	Container string
	// RestartToApply tells that the container was made from other settings than
	// those of the profile now. A restart makes it anew, and keeps the data.
	RestartToApply bool
	// Unsaved is the directory of the container where notebooks are and go away
	// with it; empty when they lie in a volume or a folder.
	Unsaved string
	root    string // of the server, as far as known
	// PreviousImage tells that the image from before the last update is there,
	// and can be gone back to.
	PreviousImage bool
	// Engine tells which engine we talk to; zero while none has answered.
	Engine engine.Info
	// URL is the Backend URL; zero unless State is Ready.
	URL jupyter.BackendURL
	// URLChanged tells that the token of URL is another than the one this
	// program knew last, in this run or an earlier one.
	URLChanged bool
	// IdleStop is after how long without use the runtime is stopped; 0 is never.
	IdleStop time.Duration
	// IdleStopAt is when that will be, while it is to be warned of; else zero.
	IdleStopAt time.Time
	// IdleStopped tells that the runtime was stopped for want of use, by this
	// program since it started; false unless State is Stopped.
	IdleStopped bool
	// Progress tells how far a pull is; zero unless State is Pulling.
	Progress engine.Progress
	// Problem is what a person can act on; nil when all is well. It is never
	// nil in state Failed, NoEngine, Unhealthy and Paused.
	Problem *problem.Problem
	// Warnings are what a person should know of beside the state, and can act on,
	// the gravest first. None of them keeps the runtime from working.
	Warnings []*problem.Problem
}
