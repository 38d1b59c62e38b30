// Package config owns the settings of Colab Tray: the profiles and the
// preferences, their defaults, their sources (flag, environment, file, default)
// and the error messages for settings that are wrong.
//
// Package config does not apply the settings. It imports only the messages (i18n)
// and the type of secrets, and never talks to the engine.
package config

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// Kind tells which contract an image follows.
type Kind string

const (
	// KindJupyter is an image in the manner of jupyter/docker-stacks: a
	// Jupyter server on port 8888 started by our start script, with the data
	// volume where it works, which is /home/jovyan unless the image says otherwise.
	KindJupyter Kind = "jupyter"
	// KindColab is Google's Colab runtime image: a front on port 8080 started
	// by the image's own command, with the data volume on /content.
	KindColab Kind = "colab"
)

// Defaults of the built-in profile.
const (
	DefaultProfile = "jupyter"
	DefaultRuntime = "local-jupyter-runtime"
	DefaultImage   = "quay.io/jupyter/base-notebook"
	DefaultPort    = 8888
)

// Profile is the settings a runtime is made from.
type Profile struct {
	// Name is the name of the profile, as the settings file has it.
	Name string
	// Runtime is the name and hostname of the container; the data volume is
	// Runtime + "-data".
	Runtime string
	// Image is the reference of the image, as `docker run` takes it.
	Image string
	// Kind is the contract the image follows.
	Kind Kind
	// Port is the port on 127.0.0.1 at which Jupyter is published, 1 to 65535.
	Port int

	// GPU tells which GPUs the container gets.
	GPU GPU
	// Memory limits the container's memory, in bytes; 0 is no limit.
	Memory int64
	// CPUs limits the processors' time, in processors; 0 is no limit.
	CPUs float64
	// ShmSize is the size of /dev/shm, in bytes; 0 is the engine's default.
	// PyTorch's data loaders need more than the usual 64 MiB.
	ShmSize int64
	// Folders of the host that are mounted into the container.
	Folders []Folder
	// Env is set in the container, sorted by name.
	Env []Variable
	// Packages are installed by pip at the first start, as pip's command line
	// names them.
	Packages []string
	// Command starts Jupyter instead of our start script or the image's own
	// command; empty for these.
	Command []string
	// Token tells whether each start makes a new token.
	Token TokenPolicy
	// IdleStop is how long no kernel may work before the runtime is stopped; 0
	// is never.
	IdleStop time.Duration
	// Platform is what the image has to be made for, such as "linux/amd64";
	// empty for the engine's own.
	Platform string
	// User is whom the container runs as, such as "1000" or "1000:100", or
	// [UserRoot]; empty for the image's own.
	User string

	// flags choose the profile, as it is, in a terminal.
	flags []string
}

// CommandLine returns the command of this program that does something with the
// profile, in a terminal: "colab-tray", the verb, the flags that choose the
// profile where a terminal would take another one, and the arguments.
func (p Profile) CommandLine(verb string, args ...string) string {
	line := "colab-tray " + verb
	for _, word := range slices.Concat(p.flags, args) {
		line += " " + ShellWord(word)
	}
	return line
}

// ShellWord writes a word of a command that people are told to run: whatever is
// in it, a shell takes it for this one word, and nothing in it acts on a terminal.
func ShellWord(word string) string {
	switch {
	case plainWord.MatchString(word):
		return word
	case i18n.Line(word) != word:
		return "$'" + strings.ReplaceAll(i18n.Escaped(word), "'", `\'`) + "'"
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// plainWord is what a shell takes as it is.
var plainWord = regexp.MustCompile(`^[a-zA-Z0-9@%+=:,./_-]+$`)

// Equal reports whether two profiles are the same in every setting.
func (p Profile) Equal(q Profile) bool {
	p.flags, q.flags = nil, nil
	return reflect.DeepEqual(p, q)
}

// GPU tells which GPUs a container gets; the zero value is none.
type GPU struct {
	// All asks for every GPU there is.
	All bool
	// Count asks for so many, whichever they are.
	Count int
	// IDs asks for certain ones, by number or UUID.
	IDs []string
}

// None reports whether no GPU is asked for.
func (g GPU) None() bool { return !g.All && g.Count == 0 && len(g.IDs) == 0 }

// Folder is a folder of the host in the container.
type Folder struct {
	// Host is its absolute path on the host.
	Host string
	// Path is its absolute path in the container.
	Path string
	// ReadOnly tells that the container may not write to it.
	ReadOnly bool
}

// Variable is an environment variable of the container.
type Variable struct {
	Name  string
	Value secret.Secret
}

// TokenPolicy tells whether each start makes a new token.
type TokenPolicy string

const (
	// TokenFresh makes a new token at each start, as Colab's own instructions
	// have it.
	TokenFresh TokenPolicy = "fresh"
	// TokenKeep keeps one token, so that the Backend URL stays the same.
	TokenKeep TokenPolicy = "keep"
)

// UserRoot is the user of a container that starts as root, whose image then hands
// the home directory over to its own user and goes on as that one.
const UserRoot = "root"

// Volume returns the name of the runtime's data volume.
func (p Profile) Volume() string { return p.Runtime + "-data" }

// Default returns the built-in profile "jupyter".
func Default() Profile { return BuiltIn()[DefaultProfile] }

// BuiltIn returns the profiles that are there without a settings file, by name.
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

// KindOf guesses the kind from the image: Google publishes its Colab images at
// {us,europe,asia}-docker.pkg.dev/colab-images/public/{runtime,cpu-runtime}
// (https://research.google.com/colaboratory/local-runtimes.html).
func KindOf(image string) Kind {
	host, path, _ := strings.Cut(image, "/")
	if strings.HasSuffix(host, "-docker.pkg.dev") && strings.HasPrefix(path, "colab-images/public/") {
		return KindColab
	}
	return KindJupyter
}
