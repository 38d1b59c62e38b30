// Package config owns the settings of Colab Tray: what a profile and the
// preferences are, their defaults, where they come from (flag, environment,
// file, default) and what is said when one of them is wrong.
//
// It does not own what is done with them: it imports no other package of the
// project and never talks to the engine.
package config

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
func Default() Profile {
	return Profile{
		Name:    DefaultProfile,
		Runtime: DefaultRuntime,
		Image:   DefaultImage,
		Kind:    KindJupyter,
		Port:    DefaultPort,
	}
}
