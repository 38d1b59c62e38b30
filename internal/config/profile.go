package config

import (
	"reflect"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// Kind is the contract that an image follows.
type Kind string

const (
	// KindJupyter is an image like those of jupyter/docker-stacks: our start script
	// starts a Jupyter server on port 8888. The data volume is mounted at the
	// server's working directory, which is /home/jovyan unless the image has
	// another one.
	KindJupyter Kind = "jupyter"
	// KindColab is Google's Colab runtime image: the image's own command starts a
	// proxy in front of Jupyter on port 8080. The data volume is mounted at
	// /content.
	KindColab Kind = "colab"
)

// Defaults of the built-in profile.
const (
	DefaultProfile = "jupyter"
	DefaultRuntime = "local-jupyter-runtime"
	DefaultImage   = "quay.io/jupyter/base-notebook"
	DefaultPort    = 8888
)

// Profile has the settings from which a runtime is created.
type Profile struct {
	// Name is the name of the profile in the settings file.
	Name string
	// Runtime is the name and the hostname of the container. The data volume is
	// named Runtime + "-data".
	Runtime string
	// Image is the reference of the image, as in `docker run`.
	Image string
	// Kind is the contract that the image follows.
	Kind Kind
	// Engine is the address of the engine, such as "ssh://gpubox"; empty for the one
	// that the docker command uses.
	Engine string
	// Port is the port on 127.0.0.1 that leads to Jupyter, 1 to 65535.
	Port int
	// Ports are other ports in the container that ports on 127.0.0.1 lead to.
	Ports []PublishedPort

	// GPU selects the GPUs of the container.
	GPU GPU
	// Memory limits the container's memory, in bytes; 0 is no limit.
	Memory int64
	// CPUs limits the CPU time, in processors; 0 is no limit.
	CPUs float64
	// ShmSize is the size of /dev/shm, in bytes; 0 is the engine's default.
	// PyTorch's data loaders need more than the usual 64 MiB.
	ShmSize int64
	// Folders are the host's folders that are mounted into the container.
	Folders []Folder
	// Env has the environment variables of the container, sorted by name.
	Env []Variable
	// Packages are installed by pip at the first start of each container. Each is an
	// argument of pip install.
	Packages []string
	// Command starts Jupyter. If it is empty, our start script or, for KindColab,
	// the image's own command starts Jupyter.
	Command []string
	// Token decides whether each start creates a new token.
	Token TokenPolicy
	// Wake starts the stopped runtime when Colab asks for it. Token is then TokenKeep.
	Wake bool
	// IdleStop is the time without use after which the runtime is stopped, at least
	// five minutes; 0 is never.
	IdleStop time.Duration
	// Platform is the platform of the image, such as "linux/amd64"; empty for the
	// engine's own platform.
	Platform string
	// User is the user of the container's processes, such as "1000" or "1000:100",
	// or [UserRoot]; empty for the user that the image sets.
	User string
	// Cluster has what only an engine at a Kubernetes cluster reads.
	Cluster ClusterSettings

	// flags select the profile in a terminal, with the values that flags have
	// changed.
	flags []string
}

// CommandLine returns a command of this program for the profile, to run in a
// terminal: "colab-tray", the verb, the flags that select the profile unless it is
// selected by default, and the arguments.
func (p Profile) CommandLine(verb string, args ...string) string {
	line := "colab-tray " + verb
	for _, word := range slices.Concat(p.flags, args) {
		line += " " + ShellWord(word)
	}
	return line
}

// ShellWord quotes one word of a command that a person is told to run. A shell of this
// system reads the result as that word, and it contains no control characters.
func ShellWord(word string) string { return shellWord(runtime.GOOS, word) }

func shellWord(system, word string) string {
	switch {
	case system == "windows":
		return windowsWord(word)
	case plainWord.MatchString(word):
		return word
	case i18n.Line(word) != word:
		return "$'" + strings.ReplaceAll(i18n.Escaped(word), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// plainWord matches words that need no quotes in a shell.
var plainWord = regexp.MustCompile(`^[a-zA-Z0-9@%+=:,./_-]+$`)

// plainOnWindows matches words that need no quotes in cmd and in PowerShell.
var plainOnWindows = regexp.MustCompile(`^[a-zA-Z0-9+=:./\\_-]+$`)

// windowsWord quotes a word for cmd and PowerShell, which only double quotes mean the
// same to. What one of them would act on within these becomes a question mark, with
// which the command does nothing.
func windowsWord(word string) string {
	if plainOnWindows.MatchString(word) {
		return word
	}
	safe := strings.Map(func(r rune) rune {
		if strings.ContainsRune("\"\u201c\u201d\u201e$`%!^", r) {
			return '?'
		}
		return r
	}, i18n.Line(word))
	if strings.HasSuffix(safe, `\`) {
		safe += `\` // a program reads \" as a quote
	}
	return `"` + safe + `"`
}

// Equal reports whether two profiles are the same in every setting.
func (p Profile) Equal(q Profile) bool {
	p.flags, q.flags = nil, nil
	return reflect.DeepEqual(p, q)
}

// GPU selects the GPUs of a container. The zero value selects none.
type GPU struct {
	// All selects every GPU.
	All bool
	// Count selects that number of GPUs, whichever the engine takes.
	Count int
	// IDs selects GPUs by index or UUID.
	IDs []string
}

// None reports whether g selects no GPU.
func (g GPU) None() bool { return !g.All && g.Count == 0 && len(g.IDs) == 0 }

// Folder is a folder of the host that is mounted into the container.
type Folder struct {
	// Host is the absolute path on the host.
	Host string
	// Path is the absolute path in the container.
	Path string
	// ReadOnly forbids the container to write to the folder.
	ReadOnly bool
}

// Variable is an environment variable of the container.
type Variable struct {
	Name  string
	Value secret.Secret
}

// TokenPolicy decides whether each start creates a new token.
type TokenPolicy string

const (
	// TokenFresh creates a new token at each start, as in Colab's own instructions
	// (https://research.google.com/colaboratory/local-runtimes.html).
	TokenFresh TokenPolicy = "fresh"
	// TokenKeep uses the same token at each start, so that the Backend URL stays the
	// same.
	TokenKeep TokenPolicy = "keep"
)

// UserRoot is the user of a container that starts as root. The image then gives the
// home directory to its own user and continues as that user.
const UserRoot = "root"

// Volume returns the name of the runtime's data volume.
func (p Profile) Volume() string { return p.Runtime + "-data" }

// Default returns the built-in profile "jupyter".
func Default() Profile { return BuiltIn()[DefaultProfile] }

// BuiltIn returns the built-in profiles, by name.
func BuiltIn() map[string]Profile {
	profiles := map[string]Profile{}
	for _, p := range []Profile{
		{Name: DefaultProfile, Runtime: DefaultRuntime, Image: DefaultImage, Port: DefaultPort},
		{Name: "colab-gpu", Runtime: "local-colab-runtime", Image: "us-docker.pkg.dev/colab-images/public/runtime", Port: 9000, GPU: GPU{All: true}},
		{Name: "colab-cpu", Runtime: "local-colab-cpu-runtime", Image: "us-docker.pkg.dev/colab-images/public/cpu-runtime", Port: 9001},
		{Name: "classic", Runtime: "local-classic-runtime", Image: "jupyter/base-notebook", Port: 8889},
	} {
		p.Kind, p.Token = KindOf(p.Image), TokenFresh
		profiles[p.Name] = p
	}
	return profiles
}

// KindOf returns the kind of an image by its reference. Google publishes its Colab images at
// {us,europe,asia}-docker.pkg.dev/colab-images/public/{runtime,cpu-runtime}
// (https://research.google.com/colaboratory/local-runtimes.html).
func KindOf(image string) Kind {
	host, path, _ := strings.Cut(image, "/")
	if strings.HasSuffix(host, "-docker.pkg.dev") && strings.HasPrefix(path, "colab-images/public/") {
		return KindColab
	}
	return KindJupyter
}

// Port returns the port in the container at which an image of the kind serves
// Jupyter.
func (kind Kind) Port() int {
	if kind == KindColab {
		return 8080
	}
	return 8888
}

// DataDir returns the directory where the data volume is mounted in a container of
// the kind, unless a Jupyter image works elsewhere: see [KindJupyter].
func (kind Kind) DataDir() string {
	if kind == KindColab {
		return "/content"
	}
	return "/home/jovyan"
}

// About returns what a built-in profile is, and how much it downloads; empty for another
// profile, and where the settings give it another image.
func (p Profile) About() string {
	if b, is := BuiltIn()[p.Name]; !is || b.Image != p.Image {
		return ""
	}
	return i18n.T("profile." + p.Name)
}
