package runtime

import (
	"cmp"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// ID tells a runtime from all others: the address of its engine, as in the profile, and
// the name of its container.
type ID struct{ Engine, Runtime string }

// Compare orders IDs by the name of the container, then by the engine.
func (id ID) Compare(other ID) int {
	return cmp.Or(cmp.Compare(id.Runtime, other.Runtime), cmp.Compare(id.Engine, other.Engine))
}

// name returns the name by which files of this program know the runtime.
func (id ID) name() string { return strings.TrimSuffix(id.Runtime+"@"+id.Engine, "@") }

func idOf(p config.Profile) ID { return ID{p.Engine, p.Runtime} }

// ID returns the ID of the runtime.
func (s Snapshot) ID() ID { return ID{s.Address, s.Runtime} }

// Snapshot is the state of a runtime at one moment. It is immutable: a change creates
// a new Snapshot with a higher Rev.
type Snapshot struct {
	// Rev counts the changes since the program started, from 1.
	Rev uint64
	// State is the state of the runtime.
	State State
	// Since is when State began, as far as the engine or this program knows.
	Since time.Time
	// Profile is the name of the runtime's profile.
	Profile string
	// Address is the profile's setting engine; empty for the engine of this computer.
	Address string
	// Runtime is the name of the container.
	Runtime string
	// Image is the image of the container, or of the container that a start would
	// create.
	Image string
	// Port is the port on the loopback interface that leads to Jupyter, or the port
	// that a start would publish.
	Port int
	// InnerPort is the port in the container that Port leads to; 0 if there is no
	// container.
	InnerPort int
	// Open is the address at which other computers can reach the running runtime;
	// empty if they cannot.
	Open string
	// IPv6 tells that this computer reaches the runtime at [::1] as well.
	IPv6 bool
	// Ours tells that this program created the container, and puts the settings that
	// Colab needs into it.
	Ours bool
	// Container is the ID of the container; empty if there is none.
	Container string
	// RestartToApply tells that the container was created from other settings than
	// the profile has now. A restart replaces the container and keeps the data.
	RestartToApply bool
	// Unsaved is the directory of the container whose notebooks are lost with the
	// container; empty if notebooks are in a volume or a folder.
	Unsaved string
	root    string // the server's root directory, if it is known
	// PreviousImage tells that [Manager.UndoUpdate] can go back to the image before
	// the last update.
	PreviousImage bool
	// NewerImage is the digest of the image that [Manager.Update] would bring, as the
	// registry told; empty if it has none that is newer, or was not asked.
	NewerImage string
	// NewerImageIsNews tells that the registry has told NewerImage since this program
	// began, and not before.
	NewerImageIsNews bool
	// Engine describes the engine. While it does not answer, it tells only where
	// this program looks for the engine.
	Engine engine.Info
	// Reconnecting is when the connection to the engine's machine was lost. It is zero
	// while the connection stands, and while a repair takes no longer than usual.
	Reconnecting time.Time
	// Listens tells that this program itself listens at Port, so that the Backend URL
	// works only while the program runs. It is false while another program of the person
	// does that.
	Listens bool
	// Woken tells that the running runtime was started because Colab asked for it.
	Woken bool
	// URL is the Backend URL; zero unless State is Ready.
	URL jupyter.BackendURL
	// URLChanged tells that the token of URL differs from the last token that this
	// program knew, in this run of the program or an earlier one.
	URLChanged bool
	// IdleStop is the time without use after which the runtime is stopped; 0 is
	// never, or while State is not Ready.
	IdleStop time.Duration
	// IdleStopAt is when the idle runtime will be stopped, from the warning on; else
	// zero.
	IdleStopAt time.Time
	// IdleStopped tells that this program, since its start, has stopped the runtime
	// because it was idle; false unless State is Stopped.
	IdleStopped bool
	// FreesGPU tells that a stop gives a GPU back to others.
	FreesGPU bool
	// LastStart is how long the last start took that this program has seen, in this run
	// or an earlier one, without the pull of an image; 0 if it has seen none.
	LastStart time.Duration
	// Progress is the progress of the pull; zero unless State is Pulling.
	Progress engine.Progress
	// Waiting is what the container waits for that was started, and does not run its
	// command yet; zero if for nothing.
	Waiting engine.Waiting
	// Waited is what the current run has waited for before it began; zero if for nothing.
	Waited engine.Waiting
	// Problem is a problem that a person can act on; nil if there is none. It is
	// never nil in the states Failed, NoEngine, Unhealthy and Paused.
	Problem *problem.Problem
	// Warnings are problems that do not keep the runtime from working, the most
	// serious first.
	Warnings []*problem.Problem
}
