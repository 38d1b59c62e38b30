package engine

import (
	"crypto/rand"
	"maps"
	"slices"
	"strings"

	"colabtray/internal/config"
)

// Labels on what this program makes. That a container carries one proves
// nothing: it may come from the image, as after `docker commit` of a container of
// ours. So a container is ours only when it has labels that its image has not,
// and the name and the volume that we give. In doubt it is somebody else's.
const (
	LabelRuntime = "dev.colabtray.runtime"
	LabelProfile = "dev.colabtray.profile"
	// LabelSettings holds the hash of the settings that a container was made
	// from: those of the profile that only a new container can bring about.
	LabelSettings = "dev.colabtray.settings"
	LabelHelper   = "dev.colabtray.helper" // the runtime whose data a helper gets at
	LabelWrites   = "dev.colabtray.writes" // the helper may have changed them
	// LabelMade is another one on each container, so that it has one that its
	// image has not even when that was made of a container like it.
	LabelMade = "dev.colabtray.made"
)

// Suffixes of the names of containers that are there while one is replaced.
const (
	NextSuffix     = "-next"
	PreviousSuffix = "-previous"
)

// Ours reports whether the container was made by this program as a runtime.
func (c Container) Ours() bool {
	of := c.Labels[LabelRuntime]
	named := c.Name == of || c.Name == of+NextSuffix || c.Name == of+PreviousSuffix
	ofItsVolume := func(m Mount) bool { return m.Volume == VolumeOf(of) }
	return of != "" && named && c.labelled() && slices.ContainsFunc(c.Mounts, ofItsVolume)
}

// IsHelperOf reports whether the container was made by this program to get at the
// data of a runtime. One that only reads can do so in another volume, or none, and
// then has a name of ours.
func (c Container) IsHelperOf(runtime string) bool {
	if runtime == "" || c.Labels[LabelHelper] != runtime || !c.labelled() || c.Network != "none" {
		return false
	}
	reads := c.Labels[LabelWrites] == "" && strings.HasPrefix(c.Name, helperPrefix+runtime+"-")
	return reads || slices.Contains(c.Mounts, Mount{VolumeOf(runtime), HelperDataDir})
}

// labelled reports whether the container has labels of ours from who made it.
func (c Container) labelled() bool {
	for _, label := range []string{LabelRuntime, LabelSettings, LabelHelper, LabelMade} {
		if value, has := c.Labels[label]; has && value != c.LabelsOfImage[label] {
			return true
		}
	}
	return false
}

func VolumeOf(runtime string) string { return config.Profile{Runtime: runtime}.Volume() }

// WithUniqueLabel returns labels with one more that no other container has; those that have
// it already keep theirs.
func WithUniqueLabel(labels map[string]string) map[string]string {
	all := map[string]string{LabelMade: strings.ToLower(rand.Text())}
	maps.Copy(all, labels)
	return all
}
