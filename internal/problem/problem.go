package problem

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
	CodePaused              Code = "paused"
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
	CodeNoPage              Code = "no-page"
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
