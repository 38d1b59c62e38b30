package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"

	"colabtray/internal/config"
)

// Spec is what a container is made from.
type Spec struct {
	Name     string // of the container
	Hostname string
	Image    string
	Platform string   // empty for the engine's own
	Cmd      []string // empty for the image's own
	// Entrypoint replaces the image's own, empty for that. It follows from the
	// image, so that it is no setting.
	Entrypoint []string `json:"-"`
	Labels     map[string]string
	InnerPort  int // Jupyter's port in the container
	Port       int // published on 127.0.0.1
	Volume     string
	DataDir    string // where the volume is mounted, unless Mounts says otherwise
	// Mounts are where the volume is mounted. They follow from the image, so that
	// they are no setting.
	Mounts []string `json:"-"`
	// WorkDir is where Jupyter works; empty for where the image says. It follows
	// from that, too.
	WorkDir string `json:"-"`
	Folders []config.Folder
	Env     []config.Variable
	Memory  int64   // bytes; 0 for no limit
	CPUs    float64 // 0 for no limit
	ShmSize int64   // bytes; 0 for the engine's default
	GPU     config.GPU
	User    string `json:",omitempty"` // empty for the image's own
}

// VolumeLabels returns the labels of the data volume.
func VolumeLabels(s Spec) map[string]string {
	return map[string]string{LabelRuntime: s.Labels[LabelRuntime], LabelProfile: s.Labels[LabelProfile]}
}

// Hash stands for all that a container is made from. The name of the profile is
// left out: it is no setting.
func (s Spec) Hash() string {
	env := map[string]string{}
	for _, v := range s.Env {
		env[v.Name] = v.Value.Reveal()
	}
	s.Env, s.Labels = nil, nil
	text, err := json.Marshal(struct {
		Spec Spec
		Env  map[string]string
	}{s, env})
	if err != nil {
		panic(err) // a Spec holds nothing that JSON cannot
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Differs reports whether a container was made from other settings. One that we
// did not make, or made before settings were noted, is taken as it is.
func (s Spec) Differs(c Container) bool {
	made := c.Labels[LabelSettings]
	return c.Exists && c.Ours() && made != "" && made != s.Labels[LabelSettings]
}

// Container is the one that was made from it.
func (s Spec) Container(id string) Container {
	return Container{Name: s.Name, ID: id, Labels: s.Labels, Mounts: []Mount{{s.Volume, s.DataDir}}}
}

// Without returns the settings that a container was made without, though they
// were asked for. One that was made from others is to be made anew anyway.
func (s Spec) Without(c Container) (keys []string) {
	if c.Labels[LabelSettings] != s.Labels[LabelSettings] {
		return nil
	}
	if s.Memory > 0 && (c.Effective.Memory <= 0 || c.Effective.Memory > s.Memory) {
		keys = append(keys, "memory")
	}
	const least = 0.01 // engines count in thousandths
	if s.CPUs > 0 && (c.Effective.CPUs <= 0 || c.Effective.CPUs > s.CPUs+least) {
		keys = append(keys, "cpus")
	}
	if c.Effective.ShmSize < s.ShmSize {
		keys = append(keys, "shm_size")
	}
	if slices.ContainsFunc(s.Folders, func(f config.Folder) bool {
		return !slices.ContainsFunc(c.Effective.Folders, func(g config.Folder) bool { return g.Path == f.Path && g.ReadOnly == f.ReadOnly })
	}) {
		keys = append(keys, "folders")
	}
	if outer := c.Ports[s.InnerPort]; outer != 0 && outer != s.Port {
		keys = append(keys, "port")
	}
	return keys
}
