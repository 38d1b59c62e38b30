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
	Cmd      []string // empty for the image's
	// Entrypoint replaces the image's, unless it is empty. It follows from the image,
	// so it is not part of the hash.
	Entrypoint []string `json:"-"`
	Labels     map[string]string
	InnerPort  int // Jupyter's port in the container
	Port       int // published on 127.0.0.1
	// Gateway tells that the program listens at Port itself, and that the engine chooses
	// the port at which it publishes InnerPort.
	Gateway bool `json:",omitempty"`
	// Publish are other ports that are published on 127.0.0.1; the engine chooses those
	// that are 0.
	Publish []config.PublishedPort `json:",omitempty"`
	Volume  string
	DataDir string // where the volume is mounted when Mounts is empty
	// Mounts are the directories at which the volume is mounted. They follow from the
	// image, so they are not part of the hash.
	Mounts []string `json:"-"`
	// WorkDir is Jupyter's working directory; empty for the image's. It follows from
	// the image, so it is not part of the hash.
	WorkDir string `json:"-"`
	Folders []config.Folder
	Env     []config.Variable
	Memory  int64   // bytes; 0 for no limit
	CPUs    float64 // 0 for no limit
	ShmSize int64   // bytes; 0 for the engine's default
	GPU     config.GPU
	User    string `json:",omitempty"` // empty for the image's
	// Cluster is what only a cluster reads.
	Cluster config.ClusterSettings `json:",omitzero"`
}

// VolumeLabels returns the labels of the data volume.
func VolumeLabels(s Spec) map[string]string {
	return map[string]string{LabelRuntime: s.Labels[LabelRuntime], LabelProfile: s.Labels[LabelProfile]}
}

// Hash returns a hash of all settings that a container is made from. Labels, and with
// them the name of the profile, are left out.
func (s Spec) Hash() string {
	env := map[string]string{}
	for _, v := range s.Env {
		env[v.Name] = v.Value.Reveal()
	}
	s.Env, s.Labels = nil, nil
	s.Cluster.StorageClass, s.Cluster.DataSize = "", 0 // of the volume, which stays
	text, err := json.Marshal(struct {
		Spec Spec
		Env  map[string]string
	}{s, env})
	if err != nil {
		panic(err) // a Spec contains only what JSON can encode
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Differs reports whether a container of this program was made from other settings. A
// container that the program did not make, or that has no hash of its settings, never
// differs.
func (s Spec) Differs(c Container) bool {
	made := c.Labels[LabelSettings]
	return c.Exists && c.Ours() && made != "" && made != s.Labels[LabelSettings]
}

// Container returns the container with that ID as made from the spec, without asking
// the engine.
func (s Spec) Container(id string) Container {
	return Container{Name: s.Name, ID: id, Labels: s.Labels, Mounts: []Mount{{s.Volume, s.DataDir}}}
}

// Without returns the keys of settings that were asked for and that the engine left out
// when it made the container. It returns nil for a container that was made from other
// settings, which is to be replaced anyway.
func (s Spec) Without(c Container) (keys []string) {
	if c.Labels[LabelSettings] != s.Labels[LabelSettings] {
		return nil
	}
	if s.Memory > 0 && (c.Effective.Memory <= 0 || c.Effective.Memory > s.Memory) {
		keys = append(keys, "memory")
	}
	const tolerance = 0.01 // engines round to thousandths
	if s.CPUs > 0 && (c.Effective.CPUs <= 0 || c.Effective.CPUs > s.CPUs+tolerance) {
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
	if outer := c.Ports[s.InnerPort]; outer != 0 && outer != s.Port && !s.Gateway {
		keys = append(keys, "port")
	}
	if slices.ContainsFunc(s.Publish, func(p config.PublishedPort) bool {
		outer := c.Ports[p.Container]
		return outer != 0 && outer != p.Host && p.Host != 0
	}) {
		keys = append(keys, "ports")
	}
	return keys
}
