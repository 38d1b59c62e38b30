package engine

import (
	"crypto/rand"
	"maps"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/config"
)

// Labels of what this program makes. A label alone proves nothing, because a container
// inherits the labels of its image, which `docker commit` may have made from one of our
// containers. So a container counts as ours only when it has a label that its image
// lacks, and the name and the volume that this program gives. In doubt it belongs to
// somebody else.
const (
	LabelRuntime = "dev.colabtray.runtime"
	LabelProfile = "dev.colabtray.profile"
	// LabelSettings holds a hash of the settings that a container was made from: those
	// that take effect only in a new container.
	LabelSettings = "dev.colabtray.settings"
	LabelHelper   = "dev.colabtray.helper" // the runtime whose data a helper works on
	LabelWrites   = "dev.colabtray.writes" // the helper may have changed the data
	// LabelGateway holds the port of the Backend URL where the program listens at it
	// itself, else "none".
	LabelGateway = "dev.colabtray.gateway"
	// LabelMade has a unique value on each container. So each container has a label
	// that its image lacks, even when the image was made from such a container.
	LabelMade = "dev.colabtray.made"
)

// LabelUser, on a data volume, holds the user in its containers that the person is
// mapped to.
const LabelUser = "dev.colabtray.user"

// Suffixes of the names of containers that exist while a container is replaced.
const (
	NextSuffix     = "-next"
	PreviousSuffix = "-previous"
)

// Ours reports whether this program made the container as a runtime.
func (c Container) Ours() bool {
	runtime := c.Labels[LabelRuntime]
	named := c.Name == runtime || c.Name == runtime+NextSuffix || c.Name == runtime+PreviousSuffix
	ofItsVolume := func(m Mount) bool { return m.Volume == VolumeOf(runtime) }
	return runtime != "" && named && c.labelled() && slices.ContainsFunc(c.Mounts, ofItsVolume)
}

// GatewayPort returns the port of the Backend URL of a container of this program whose own
// port is another one, which the engine chooses; 0 for any other container.
func (c Container) GatewayPort() int {
	port, err := strconv.ParseUint(c.Labels[LabelGateway], 10, 16)
	if err != nil || !c.Ours() {
		return 0
	}
	return int(port)
}

// IsHelperOf reports whether this program made the container to work on the data of a
// runtime. A helper that only reads may mount another volume or none; it is then
// recognized by its name.
func (c Container) IsHelperOf(runtime string) bool {
	if runtime == "" || c.Labels[LabelHelper] != runtime || !c.labelled() || c.Network != "none" {
		return false
	}
	reads := c.Labels[LabelWrites] == "" && strings.HasPrefix(c.Name, helperPrefix+runtime+"-")
	return reads || slices.Contains(c.Mounts, Mount{VolumeOf(runtime), HelperDataDir})
}

// labelled reports whether the container itself, and not only its image, was given a
// label of this program.
func (c Container) labelled() bool {
	for _, label := range []string{LabelRuntime, LabelSettings, LabelHelper, LabelMade} {
		if value, has := c.Labels[label]; has && value != c.LabelsOfImage[label] {
			return true
		}
	}
	return false
}

// VolumeOf returns the name of the data volume of a runtime.
func VolumeOf(runtime string) string { return config.Profile{Runtime: runtime}.Volume() }

// WithUniqueLabel returns the labels with [LabelMade] added, whose value no other
// container has. Labels that already have LabelMade keep its value.
func WithUniqueLabel(labels map[string]string) map[string]string {
	all := map[string]string{LabelMade: strings.ToLower(rand.Text())}
	maps.Copy(all, labels)
	return all
}
