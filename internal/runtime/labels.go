package runtime

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
	labelRuntime = "dev.colabtray.runtime"
	labelProfile = "dev.colabtray.profile"
	// labelSettings holds the hash of the settings that a container was made
	// from: those of the profile that only a new container can bring about.
	labelSettings = "dev.colabtray.settings"
	labelHelper   = "dev.colabtray.helper" // the runtime whose data a helper gets at
	labelWrites   = "dev.colabtray.writes" // the helper may have changed them
	// labelMade is another one on each container, so that it has one that its
	// image has not even when that was made of a container like it.
	labelMade = "dev.colabtray.made"
)

// Suffixes of the names of containers that are there while one is replaced.
const (
	nextSuffix     = "-next"
	previousSuffix = "-previous"
)

// ours reports whether the container was made by this program as a runtime.
func (c Container) ours() bool {
	of := c.Labels[labelRuntime]
	named := c.Name == of || c.Name == of+nextSuffix || c.Name == of+previousSuffix
	ofItsVolume := func(m Mount) bool { return m.Volume == volumeOf(of) }
	return of != "" && named && c.labelled() && slices.ContainsFunc(c.Mounts, ofItsVolume)
}

// helps reports whether the container was made by this program to get at the
// data of a runtime. One that only reads can do so in another volume, or none, and
// then has a name of ours.
func (c Container) helps(runtime string) bool {
	if runtime == "" || c.Labels[labelHelper] != runtime || !c.labelled() || c.Network != "none" {
		return false
	}
	reads := c.Labels[labelWrites] == "" && strings.HasPrefix(c.Name, helperPrefix+runtime+"-")
	return reads || slices.Contains(c.Mounts, Mount{volumeOf(runtime), dataPath})
}

// labelled reports whether the container has labels of ours from who made it.
func (c Container) labelled() bool {
	for _, label := range []string{labelRuntime, labelSettings, labelHelper, labelMade} {
		if value, has := c.Labels[label]; has && value != c.Inherited[label] {
			return true
		}
	}
	return false
}

func volumeOf(runtime string) string { return config.Profile{Runtime: runtime}.Volume() }

// marked returns labels with one more that no other container has; those that have
// it already keep theirs.
func marked(labels map[string]string) map[string]string {
	all := map[string]string{labelMade: strings.ToLower(rand.Text())}
	maps.Copy(all, labels)
	return all
}
