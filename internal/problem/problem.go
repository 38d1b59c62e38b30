package problem

import (
	"errors"
	"log/slog"
	"strings"
)

// Code names a kind of problem for programs. A code does not change between releases.
type Code string

// The codes of all problems that this program reports.
const (
	NoEngine            Code = "no-engine"
	NoContext           Code = "no-context"
	RemoteEngine        Code = "remote-engine"
	EngineTLS           Code = "engine-tls"
	SSHHostUnknown      Code = "ssh-host-unknown"
	SSHHostChanged      Code = "ssh-host-changed"
	SSHLogin            Code = "ssh-login"
	SSHUnreachable      Code = "ssh-unreachable"
	SSHForwarding       Code = "ssh-forwarding-forbidden"
	SSHFailed           Code = "ssh-failed"
	NoSSH               Code = "no-ssh"
	NoEngineThere       Code = "no-engine-there"
	DeniedThere         Code = "permission-denied-there"
	NoKubectl           Code = "no-kubectl"
	NoClusterContext    Code = "no-cluster-context"
	NoNamespace         Code = "no-namespace"
	ClusterLogin        Code = "cluster-login"
	ClusterDenied       Code = "cluster-denied"
	ClusterUnreachable  Code = "cluster-unreachable"
	ClusterQuota        Code = "cluster-quota"
	ClusterRefused      Code = "cluster-refused"
	ClusterCannot       Code = "cluster-cannot"
	Silent              Code = "engine-silent"
	Permission          Code = "permission-denied"
	EngineTooOld        Code = "engine-too-old"
	PortInUse           Code = "port-in-use"
	ImageNotFound       Code = "image-not-found"
	PullFailed          Code = "pull-failed"
	DiskFull            Code = "disk-full"
	DiedStarting        Code = "died-while-starting"
	Exited              Code = "exited"
	OutOfMemory         Code = "out-of-memory"
	Evicted             Code = "evicted"
	Preempted           Code = "preempted"
	MachineLost         Code = "machine-lost"
	EndedElsewhere      Code = "ended-elsewhere"
	Overdue             Code = "overdue"
	NotFilled           Code = "not-filled"
	VolumeReadOnly      Code = "volume-read-only"
	NoAnswer            Code = "no-answer"
	Paused              Code = "paused"
	NotPublished        Code = "not-published"
	Serves              Code = "not-usable"
	Elsewhere           Code = "ports-elsewhere"
	Overruled           Code = "settings-overruled"
	NotInForce          Code = "settings-not-in-force"
	UnsupportedPlatform Code = "unsupported-platform"
	NoContainer         Code = "no-container"
	Without             Code = "settings-left-out"
	NotOwned            Code = "data-not-owned"
	FolderDenied        Code = "folder-denied"
	FoldersUnmapped     Code = "folders-unmapped"
	EngineWarned        Code = "engine-warned"
	NoLog               Code = "no-log"
	Unusual             Code = "settings-unusual"
	Occupied            Code = "settings-occupied"
	GPU                 Code = "gpu-unavailable"
	FolderMissing       Code = "folder-missing"
	Handmade            Code = "made-by-hand"
	NameTaken           Code = "name-taken"
	RolledBack          Code = "rolled-back"
	NoPrevious          Code = "no-previous-image"
	NotReady            Code = "not-ready"
	NoPage              Code = "no-page"
	NoBrowser           Code = "no-browser"
	NoClipboard         Code = "no-clipboard"
	Cancelled           Code = "cancelled"
	EngineFailed        Code = "engine-failed"
	Settings            Code = "settings-broken"
	NoProfile           Code = "no-profile"
	Busy                Code = "busy"
	DataInUse           Code = "data-in-use"
	NoData              Code = "no-data"
	OpenToNetwork       Code = "open-to-network"
	LocalhostTaken      Code = "localhost-taken"
	NotEmpty            Code = "not-empty"
	BackupFailed        Code = "backup-failed"
	BadBackup           Code = "bad-backup"
	NoBackup            Code = "no-backup"
	FileExists          Code = "file-exists"
	NoFile              Code = "no-such-file"
	NoKernel            Code = "no-such-kernel"
	CopyFailed          Code = "copy-failed"
	Unsaved             Code = "notebooks-unsaved"
	NotOffered          Code = "not-offered"
	TrayStays           Code = "tray-stays"
	NotHeld             Code = "not-held"
)

// Problem is something a person can act on. It is an error, so that functions can
// return it.
type Problem struct {
	// Code names the kind of problem.
	Code Code
	// Short says what happened, in one line without a full stop.
	Short string
	// Hint says why it happened and what to do, in one or a few sentences. It can
	// contain the last lines of the container's output, separated by newlines.
	Hint string
	// Command is a command to run in a terminal; empty when no command helps.
	Command string
	// Acts is what the program can do about it, where that depends on more than the
	// code; see [Problem.Offers].
	Acts []Act
	// Err is the cause, for the log; it can be nil.
	Err error
}

// Error implements error. It returns the short line.
func (p *Problem) Error() string { return p.Short }

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Err }

// LogValue implements [slog.LogValuer]. It returns the short line and those of the
// causes, which Error leaves out.
func (p *Problem) LogValue() slog.Value { return slog.StringValue(withCauses(p)) }

func withCauses(err error) string {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var all []string
		for _, err := range joined.Unwrap() {
			all = append(all, withCauses(err))
		}
		return strings.Join(all, "; ")
	}
	var p *Problem
	if errors.As(err, &p) && p.Err != nil {
		return err.Error() + ": " + withCauses(p.Err)
	}
	return err.Error()
}
