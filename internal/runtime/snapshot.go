package runtime

import (
	"strings"
	"time"

	"colabtray/internal/words"
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
	Engine EngineInfo
	// URL is the Backend URL; zero unless State is Ready.
	URL BackendURL
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
	Progress Progress
	// Problem is what a person can act on; nil when all is well. It is never
	// nil in state Failed, NoEngine and Unhealthy.
	Problem *Problem
	// Warnings are what a person should know of beside the state, and can act on,
	// the gravest first. None of them keeps the runtime from working.
	Warnings []*Problem
}

// EngineInfo tells which engine we talk to.
type EngineInfo struct {
	// Name is the product, such as "Docker" or "Podman".
	Name string
	// Version is the version of the engine, such as "28.5.2".
	Version string
	// API is the negotiated version of the API, such as "1.41".
	API string
	// Arch is the architecture of the engine's machine in Go's words, such as
	// "amd64".
	Arch string
	// Host is the address of the engine, such as "unix:///var/run/docker.sock".
	Host string
	// Found tells how the engine was found, such as "DOCKER_HOST", "context
	// colima" or "socket of Podman"; empty when its address was given. It is
	// English, also for programs.
	Found string
	// Barred is the address of an engine that comes first and may not be used, so
	// that this one is; empty where there is none.
	Barred string
	// Local tells that the engine is reached by a socket or a pipe of this
	// computer.
	Local bool
	// Machine is the name of the machine that Host leads to over the network;
	// empty for none.
	Machine string
	// Command is the command that asks the engine in a terminal, such as "docker",
	// "podman" or "docker --host ADDRESS".
	Command string
	// Kind tells how the engine was installed.
	Kind EngineKind
	// Features tell what the engine can do for a person.
	Features Features
	// MapsUsers tells that folders belong to root in a container unless users
	// are mapped, and that the engine can do that.
	MapsUsers bool
}

// EngineKind tells how an engine was installed, as far as GPUs depend on it.
type EngineKind struct {
	Podman   bool
	Rootless bool
	Snap     bool // Docker from the snap store
	Desktop  bool // in a virtual machine, such as Docker Desktop's
}

// Chosen reports whether the person's own settings name this engine: it is not
// where engines usually are.
func (e EngineInfo) Chosen() bool {
	return strings.HasPrefix(e.Found, "DOCKER_") || strings.HasPrefix(e.Found, "context ")
}

// FoundWords is Found in the language in use.
func (e EngineInfo) FoundWords() string { return foundWords(e.Found) }

func foundWords(found string) string {
	how, name, _ := strings.Cut(found, " ")
	switch how {
	case "default":
		return words.Say("engine.default")
	case "context":
		return words.Say("engine.context", "name", name)
	case "socket":
		return words.Say("engine.socket", "engine", strings.TrimPrefix(name, "of "))
	case "pipe":
		return words.Say("engine.pipe", "engine", strings.TrimPrefix(name, "of "))
	default:
		return found // the name of a variable
	}
}

// Progress tells how far the pull of an image is.
type Progress struct {
	// LayersDone and Layers count the layers that are complete, and all.
	LayersDone, Layers int
	// Bytes and Total count the bytes downloaded, and all that are known of:
	// Total grows while the engine learns the sizes of the layers.
	Bytes, Total int64
}

// Megabytes returns how much of all is downloaded, for people: there is never more
// than all, and never nothing of nothing. known is false while the engine has told
// no sizes, as where it only lists the layers or has them all.
func (p Progress) Megabytes() (done, all int64, known bool) {
	const mega = 1_000_000
	all = p.Total / mega
	if p.Total%mega > 0 {
		all++
	}
	return min(max(p.Bytes, 0), p.Total) / mega, all, p.Total > 0
}

// Code names a kind of problem, for programs: it does not change between
// releases.
type Code string

// The problems that this package tells.
const (
	CodeNoEngine            Code = "no-engine"
	CodeNoContext           Code = "no-context"
	CodeRemoteEngine        Code = "remote-engine"
	CodeSilent              Code = "engine-silent"
	CodePermission          Code = "permission-denied"
	CodeEngineTooOld        Code = "engine-too-old"
	CodePortInUse           Code = "port-in-use"
	CodeImageNotFound       Code = "image-not-found"
	CodePullFailed          Code = "pull-failed"
	CodeDiskFull            Code = "disk-full"
	CodeDiedStarting        Code = "died-while-starting"
	CodeExited              Code = "exited"
	CodeOutOfMemory         Code = "out-of-memory"
	CodeNoAnswer            Code = "no-answer"
	CodeNotPublished        Code = "not-published"
	CodeServes              Code = "not-usable"
	CodeElsewhere           Code = "ports-elsewhere"
	CodeOverruled           Code = "settings-overruled"
	CodeNotInForce          Code = "settings-not-in-force"
	CodeUnsupportedPlatform Code = "unsupported-platform"
	CodeNoContainer         Code = "no-container"
	CodeWithout             Code = "settings-left-out"
	CodeNotOwned            Code = "data-not-owned"
	CodeFoldersUnmapped     Code = "folders-unmapped"
	CodeEngineWarned        Code = "engine-warned"
	CodeNoLog               Code = "no-log"
	CodeUnusual             Code = "settings-unusual"
	CodeOccupied            Code = "settings-occupied"
	CodeGPU                 Code = "gpu-unavailable"
	CodeFolderMissing       Code = "folder-missing"
	CodeHandmade            Code = "made-by-hand"
	CodeNameTaken           Code = "name-taken"
	CodeRolledBack          Code = "rolled-back"
	CodeNoPrevious          Code = "no-previous-image"
	CodeNotReady            Code = "not-ready"
	CodeNoBrowser           Code = "no-browser"
	CodeCancelled           Code = "cancelled"
	CodeEngineFailed        Code = "engine-failed"
	CodeSettings            Code = "settings-broken"
	CodeNoProfile           Code = "no-profile"
	CodeBusy                Code = "busy"
	CodeDataInUse           Code = "data-in-use"
	CodeNoData              Code = "no-data"
	CodeOpenToNetwork       Code = "open-to-network"
	CodeLocalhostTaken      Code = "localhost-taken"
	CodeNotEmpty            Code = "not-empty"
	CodeBackupFailed        Code = "backup-failed"
	CodeBadBackup           Code = "bad-backup"
	CodeNoBackup            Code = "no-backup"
	CodeFileExists          Code = "file-exists"
	CodeUnsaved             Code = "notebooks-unsaved"
	CodeNotOffered          Code = "not-offered"
)

// Problem is something a person can act on. It is an error, so that callers
// can return it.
type Problem struct {
	// Code names the kind of problem.
	Code Code
	// Short is one line without a full stop: what happened.
	Short string
	// Hint says why and what to do, in a sentence or a few; it can hold the
	// last lines of the container's output, one a line.
	Hint string
	// Command is what to run in a terminal, where a command helps; else empty.
	Command string
	// Err is the cause, for the log; it can be nil.
	Err error
}

// Error implements error with the short line.
func (p *Problem) Error() string { return p.Short }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }
