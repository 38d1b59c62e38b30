// Package config owns the settings of Colab Tray: what a profile and the
// preferences are, their defaults, where they come from (flag, environment,
// file, default) and what is said when one of them is wrong.
//
// It does not own what is done with them: it imports no other package of the
// project and never talks to the engine.
package config

import "strings"

// Kind tells which contract an image follows.
type Kind string

const (
	// KindJupyter is an image in the manner of jupyter/docker-stacks: a
	// Jupyter server on port 8888 started by our start script, with the data
	// volume on /home/jovyan.
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
}

// Volume returns the name of the runtime's data volume.
func (p Profile) Volume() string { return p.Runtime + "-data" }

// Default returns the built-in profile "jupyter".
func Default() Profile { return BuiltIn()[DefaultProfile] }

// BuiltIn returns the profiles that are there without a settings file, by name.
func BuiltIn() map[string]Profile {
	profiles := map[string]Profile{}
	for _, p := range []Profile{
		{Name: DefaultProfile, Runtime: DefaultRuntime, Image: DefaultImage, Port: DefaultPort},
		{Name: "colab-gpu", Runtime: "local-colab-runtime", Image: "us-docker.pkg.dev/colab-images/public/runtime", Port: 9000},
		{Name: "colab-cpu", Runtime: "local-colab-cpu-runtime", Image: "us-docker.pkg.dev/colab-images/public/cpu-runtime", Port: 9001},
		{Name: "classic", Runtime: "local-classic-runtime", Image: "jupyter/base-notebook", Port: 8889},
	} {
		p.Kind = KindOf(p.Image)
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
