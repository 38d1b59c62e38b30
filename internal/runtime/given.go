package runtime

import (
	"slices"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"

	"colabtray/internal/config"
	"colabtray/internal/words"
)

// Given is what an engine says that it gave a container.
type Given struct {
	Memory  int64   // bytes; 0 for no limit
	CPUs    float64 // 0 for no limit
	ShmSize int64   // bytes
	Folders []config.Folder
	// Mapped tells that its users are others outside than the engine's own way
	// has them.
	Mapped bool
	// Said is what the engine had to say when it made the container, as far as
	// this program asked it to.
	Said []string
}

// given reads it from an inspection.
func given(r container.InspectResponse) (g Given) {
	if h := r.HostConfig; h != nil {
		g.Mapped = h.UsernsMode == "private" // so says Podman, whichever they are
		g.Memory, g.CPUs, g.ShmSize = h.Memory, float64(h.NanoCPUs)/1e9, h.ShmSize
		if g.CPUs == 0 && h.CPUPeriod > 0 {
			g.CPUs = float64(h.CPUQuota) / float64(h.CPUPeriod)
		}
	}
	for _, m := range r.Mounts {
		if m.Type == mount.TypeBind {
			g.Folders = append(g.Folders, config.Folder{Host: m.Source, Path: m.Destination, ReadOnly: !m.RW})
		}
	}
	return g
}

// without returns the settings that a container was made without, though they
// were asked for. One that was made from others is to be made anew anyway.
func (s Spec) without(c Container) (keys []string) {
	if c.Labels[labelSettings] != s.Labels[labelSettings] {
		return nil
	}
	if s.Memory > 0 && (c.Given.Memory <= 0 || c.Given.Memory > s.Memory) {
		keys = append(keys, "memory")
	}
	const least = 0.01 // engines count in thousandths
	if s.CPUs > 0 && (c.Given.CPUs <= 0 || c.Given.CPUs > s.CPUs+least) {
		keys = append(keys, "cpus")
	}
	if c.Given.ShmSize < s.ShmSize {
		keys = append(keys, "shm_size")
	}
	if slices.ContainsFunc(s.Folders, func(f config.Folder) bool {
		return !slices.ContainsFunc(c.Given.Folders, func(g config.Folder) bool { return g.Path == f.Path && g.ReadOnly == f.ReadOnly })
	}) {
		keys = append(keys, "folders")
	}
	if outer := c.Ports[s.InnerPort]; outer != 0 && outer != s.Port {
		keys = append(keys, "port")
	}
	return keys
}

// withoutWarning tells what the engine left out when it made the container, in
// its own words where it has some; nil when there is nothing to tell.
func withoutWarning(s Spec, c Container, e EngineInfo) *Problem {
	keys, said := s.without(c), strings.Join(c.Given.Said, " ")
	switch {
	case len(keys) > 0:
		hint := words.Say("problem.withoutHint", "engine", e.Name)
		if said != "" {
			hint += " " + words.Say("problem.engineSaid", "engine", e.Name, "words", words.FullStop(said))
		}
		if limits := slices.Contains(keys, "memory") || slices.Contains(keys, "cpus"); limits && e.Name == "Podman" {
			hint += " " + words.Say("problem.withoutLimitsPodman")
		}
		return &Problem{
			Code:    CodeWithout,
			Short:   words.Say("problem.without", "keys", strings.Join(keys, ", ")),
			Hint:    hint,
			Command: e.CLI + " info",
		}
	case said != "":
		return &Problem{
			Code:  CodeEngineWarned,
			Short: words.Say("problem.engineWarned", "engine", e.Name),
			Hint:  words.Say("problem.engineSaid", "engine", e.Name, "words", words.FullStop(said)),
		}
	}
	return nil
}
