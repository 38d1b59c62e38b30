package engine

import (
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// Info tells which engine the program is connected to.
type Info struct {
	// Name is the product, such as "Docker" or "Podman".
	Name string
	// Version is the version of the engine, such as "28.5.2".
	Version string
	// API is the negotiated version of the API, such as "1.41".
	API string
	// Arch is the architecture of the engine's machine, named as GOARCH, such as
	// "amd64".
	Arch string
	// Host is the address of the engine, such as "unix:///var/run/docker.sock".
	Host string
	// Found tells how the engine was found, such as "DOCKER_HOST", "context colima" or
	// "socket of Podman"; empty when its address was given. Programs read it, so it is
	// always English; see [Info.FoundText].
	Found string
	// Barred is the address of an engine that would have been chosen before this one,
	// but refused permission; empty when there is none.
	Barred string
	// Local tells that the engine is reached through a socket or a pipe of this
	// computer.
	Local bool
	// Forwarded tells that published ports are on another machine, so that only
	// [Engine.Reach] leads to them. The program then listens at the port of the Backend
	// URL itself.
	Forwarded bool
	// Machine is the name of the machine that Host leads to over the network; empty
	// when there is none.
	Machine string
	// Command is the command line that talks to the engine in a terminal, such as
	// "docker", "podman" or "docker --host ADDRESS"; empty when there is none of the kind.
	Command string
	// Kind tells how the engine was installed.
	Kind Kind
	// Features are what the program can offer with the engine.
	Features Features
	// MapsUsers tells that folders belong to root in a container unless users are
	// mapped, and that the engine can map users.
	MapsUsers bool
}

// Kind tells how an engine was installed, as far as access to GPUs depends on it.
type Kind struct {
	Podman   bool
	Rootless bool
	Snap     bool // Docker from the snap store
	Desktop  bool // the engine runs in a virtual machine, as Docker Desktop does
}

// Socket returns the path of the engine's socket or pipe on this computer; empty when
// it has none.
func (e Info) Socket() string {
	for _, scheme := range []string{"unix://", "npipe://"} {
		if path, is := strings.CutPrefix(e.Host, scheme); is {
			return path
		}
	}
	return ""
}

// Elsewhere returns the name of the machine that the engine runs on; empty when that is
// this computer, or when the name is not known.
func (e Info) Elsewhere() string {
	if e.Local || config.IsLoopback(e.Machine) {
		return ""
	}
	return e.Machine
}

// CommandThere returns a command line for a terminal of this computer that runs another
// one on the engine's machine.
func (e Info) CommandThere(command string) string {
	if there, is := e.sshArguments(); is {
		return "ssh -t " + there + " " + config.ShellWord(command)
	}
	return command
}

// sshArguments returns what ssh is given to get to the engine's machine, and false when
// the engine is not reached by ssh.
func (e Info) sshArguments() (there string, is bool) {
	u, err := url.Parse(e.Host)
	if err != nil || u.Scheme != "ssh" || e.Elsewhere() == "" {
		return "", false
	}
	there = u.Hostname()
	if user := u.User.Username(); user != "" {
		there = user + "@" + there
	}
	there = config.ShellWord(there)
	if port := u.Port(); port != "" {
		there = "-p " + port + " " + there
	}
	return there, true
}

// RootPodman is the socket of root's Podman on Linux. Podman of other users has another
// socket.
const RootPodman = "/run/podman/podman.sock"

// FoundInSetting is the value of [Info.Found] when a profile names the engine.
const FoundInSetting = "setting engine"

// FoundByDefault is the value of [Info.Found] for the docker command's default.
const FoundByDefault = "default"

// ChosenByUser reports whether the user's own settings name this engine, rather than
// that it was found in a usual place.
func (e Info) ChosenByUser() bool {
	return e.Found == FoundInSetting || strings.HasPrefix(e.Found, "DOCKER_") || strings.HasPrefix(e.Found, "context ")
}

// HidesOthers reports whether no other engine is tried while this one does not answer: it
// is the docker command's default, and its socket exists.
func (e Info) HidesOthers() bool {
	if e.Found != FoundByDefault || e.Socket() == "" {
		return false
	}
	_, err := os.Stat(filepath.FromSlash(e.Socket()))
	return err == nil
}

// FoundText returns Found in the language in use.
func (e Info) FoundText() string { return FoundText(e.Found) }

// FoundText translates a value of [Info.Found] to the language in use.
func FoundText(found string) string {
	how, name, _ := strings.Cut(found, " ")
	switch how {
	case FoundByDefault:
		return i18n.T("engine.default")
	case "context":
		return i18n.T("engine.context", "name", name)
	case "setting":
		return i18n.T("engine.setting")
	case "socket":
		return i18n.T("engine.socket", "engine", strings.TrimPrefix(name, "of "))
	case "pipe":
		return i18n.T("engine.pipe", "engine", strings.TrimPrefix(name, "of "))
	default:
		return found // the name of a variable
	}
}
