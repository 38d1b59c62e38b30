package engine

import (
	"strings"

	"colabtray/internal/i18n"
)

// Info tells which engine we talk to.
type Info struct {
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
	Kind Kind
	// Features tell what the engine can do for a person.
	Features Features
	// MapsUsers tells that folders belong to root in a container unless users
	// are mapped, and that the engine can do that.
	MapsUsers bool
}

// Kind tells how an engine was installed, as far as GPUs depend on it.
type Kind struct {
	Podman   bool
	Rootless bool
	Snap     bool // Docker from the snap store
	Desktop  bool // in a virtual machine, such as Docker Desktop's
}

// Socket returns the path of the engine's socket or pipe; empty where it has none
// on this computer.
func (e Info) Socket() string {
	for _, scheme := range []string{"unix://", "npipe://"} {
		if path, is := strings.CutPrefix(e.Host, scheme); is {
			return path
		}
	}
	return ""
}

// ChosenByUser reports whether the person's own settings name this engine: it is not
// where engines usually are.
func (e Info) ChosenByUser() bool {
	return strings.HasPrefix(e.Found, "DOCKER_") || strings.HasPrefix(e.Found, "context ")
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

// FoundText is Found in the language in use.
func (e Info) FoundText() string { return FoundText(e.Found) }

func FoundText(found string) string {
	how, name, _ := strings.Cut(found, " ")
	switch how {
	case "default":
		return i18n.T("engine.default")
	case "context":
		return i18n.T("engine.context", "name", name)
	case "socket":
		return i18n.T("engine.socket", "engine", strings.TrimPrefix(name, "of "))
	case "pipe":
		return i18n.T("engine.pipe", "engine", strings.TrimPrefix(name, "of "))
	default:
		return found // the name of a variable
	}
}

// Words tells how far a pull is, such as "120 of 512 MB, 3 of 9 layers".
func (p Progress) Words() string {
	const giga = 1e9
	layers := i18n.T("progress.layers", "done", p.LayersDone, "all", p.Layers)
	done, all, known := p.Megabytes()
	if !known {
		return layers
	}
	amount := i18n.T("progress.mega", "done", done, "all", all)
	if p.Total >= giga {
		amount = i18n.T("progress.giga", "done", i18n.Decimal(float64(min(max(p.Bytes, 0), p.Total))/giga), "all", i18n.Decimal(float64(p.Total)/giga))
	}
	return i18n.T("progress.both", "amount", amount, "layers", layers)
}
