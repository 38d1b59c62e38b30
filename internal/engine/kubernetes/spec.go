package kubernetes

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Labels of what this package makes. The value of a label has 63 characters at most, so
// the labels of package engine are in the record.
const (
	labelManager  = "app.kubernetes.io/managed-by" // managerName
	labelInstance = "app.kubernetes.io/instance"   // the name of the container
	managerName   = "colab-tray"
)

// The names of the parts of a pod.
const (
	mainContainer = "jupyter"
	fillContainer = "fill"
	dataVolume    = "data"
	filesVolume   = "files"
	shmVolume     = "shm"
)

// site is what a cluster wants of each pod and claim.
type site struct {
	GPUResource  string // the name of the extended resource
	StorageClass string // empty for the cluster's default
	Size         string // of a new claim
	NodeSelector map[string]string
	Tolerations  []toleration
	PullSecrets  []string
}

// usualSite is what holds without settings.
var usualSite = site{GPUResource: "nvidia.com/gpu", Size: "10Gi"}

// siteOf returns the site with what a spec says of it.
func siteOf(s config.ClusterSettings) site {
	on := usualSite
	on.GPUResource, on.StorageClass = cmp.Or(s.GPUResource, on.GPUResource), s.StorageClass
	if s.DataSize > 0 {
		on.Size = strconv.FormatInt(s.DataSize, 10)
	}
	if s.PullSecret != "" {
		on.PullSecrets = []string{s.PullSecret}
	}
	for _, label := range s.NodeSelector {
		if on.NodeSelector == nil {
			on.NodeSelector = map[string]string{}
		}
		name, value, _ := strings.Cut(label, "=")
		on.NodeSelector[name] = value
	}
	for _, taint := range s.Tolerations {
		key, value, hasValue, effect := config.CutTaint(taint)
		t := toleration{Key: key, Operator: "Exists", Effect: effect}
		if hasValue {
			t.Operator, t.Value = "Equal", value
		}
		on.Tolerations = append(on.Tolerations, t)
	}
	return on
}

// usualGroup owns the files of a claim where the spec names no group. Any would do, as
// the pod's processes are members of it; this is the one of docker-stacks.
const usualGroup = 100

// cannotError tells which settings of a profile a cluster cannot have.
type cannotError struct {
	settings []string
}

func (e *cannotError) Error() string {
	return "a cluster cannot have the settings " + strings.Join(e.settings, ", ")
}

// objects are what a container is made of.
type objects struct {
	Record configMap
	Secret *secretObject // nil without an environment
	Claim  *claim        // nil without a volume
}

// record is what the config map of a container tells of it.
type record struct {
	Labels    map[string]string `json:"labels"`
	InnerPort int               `json:"innerPort"`
	Ports     []int             `json:"ports,omitempty"` // others that are reached
	Volume    string            `json:"volume,omitempty"`
	Mounts    []string          `json:"mounts,omitempty"`
	Memory    int64             `json:"memory,omitempty"`
	CPUs      float64           `json:"cpus,omitempty"`
	ShmSize   int64             `json:"shmSize,omitempty"`
	// Secret is the name of the environment's secret; empty for the container's name.
	Secret string `json:"secret,omitempty"`
	// What containers begin with, of the image where the spec says nothing. Env is the
	// image's.
	User    string   `json:"user,omitempty"`
	WorkDir string   `json:"workDir,omitempty"`
	Env     []string `json:"env,omitempty"`
}

// The keys of a record.
const (
	recordKey  = "container.json"
	podKey     = "pod.json"
	runKey     = "run.json"
	reserveKey = "reserve.json" // the three above, of what a container was made from before
)

// objectsOf returns what a container of a spec is made of, with what containers of its
// image begin with. Its environment is in the secret of that name.
func objectsOf(spec engine.Spec, image engine.ImageConfig, secret string) (o objects, err error) {
	on := siteOf(spec.Cluster)
	if cannot := impossible(spec); len(cannot) > 0 {
		return o, &cannotError{cannot}
	}
	labels := labelsOf(spec.Name)
	mounts := spec.Mounts
	if len(mounts) == 0 && spec.Volume != "" {
		mounts = []string{spec.DataDir}
	}
	var ports []int
	for _, p := range spec.Publish {
		ports = append(ports, p.Container)
	}
	about, err := json.Marshal(record{
		Labels: engine.WithUniqueLabel(spec.Labels), InnerPort: spec.InnerPort, Ports: ports, Volume: spec.Volume, Mounts: mounts,
		Memory: spec.Memory, CPUs: spec.CPUs, ShmSize: spec.ShmSize, Secret: secret,
		User: cmp.Or(spec.User, image.User), WorkDir: cmp.Or(spec.WorkDir, image.WorkDir), Env: image.Env,
	})
	if err != nil {
		return o, err
	}
	template, err := json.Marshal(podOf(spec, mounts, on, secret))
	if err != nil {
		return o, err
	}
	o.Record = configMap{
		typeMeta: typeMeta{"v1", "ConfigMap"},
		Metadata: objectMeta{Name: spec.Name, Labels: labels},
		Data:     map[string]string{recordKey: string(about), podKey: string(template)},
	}
	if len(spec.Env) > 0 {
		o.Secret = &secretObject{
			typeMeta: typeMeta{"v1", "Secret"},
			Metadata: objectMeta{Name: secret, Labels: labels},
			Type:     "Opaque", Data: map[string][]byte{},
		}
		for _, v := range spec.Env {
			o.Secret.Data[v.Name] = []byte(v.Value.Reveal())
		}
	}
	if spec.Volume != "" {
		o.Claim = claimOf(spec, on)
	}
	return o, nil
}

func labelsOf(name string) map[string]string {
	return map[string]string{labelManager: managerName, labelInstance: name}
}

// impossible returns the settings of a spec that a cluster cannot have.
func impossible(spec engine.Spec) (settings []string) {
	if !config.IsClusterLabel(spec.Name) {
		settings = append(settings, "name")
	}
	if len(spec.Folders) > 0 {
		settings = append(settings, "folders")
	}
	if slices.ContainsFunc(spec.Publish, func(p config.PublishedPort) bool { return p.Host != 0 }) {
		settings = append(settings, "ports")
	}
	if len(spec.GPU.IDs) > 0 {
		settings = append(settings, "gpu")
	}
	if user, _, _ := strings.Cut(spec.User, ":"); spec.User != "" && !engine.UserNumber.MatchString(user) {
		settings = append(settings, "user")
	}
	return settings
}

// claimOf returns the claim of a container's data.
func claimOf(spec engine.Spec, on site) *claim {
	c := &claim{
		typeMeta: typeMeta{"v1", "PersistentVolumeClaim"},
		Metadata: objectMeta{Name: spec.Volume, Labels: labelsOf(spec.Name)},
		Spec:     claimSpec{AccessModes: []string{"ReadWriteOnce"}, Resources: resources{Requests: map[string]string{"storage": on.Size}}},
	}
	if on.StorageClass != "" {
		c.Spec.StorageClassName = &on.StorageClass
	}
	return c
}

// podOf returns the pod of a container without the server files, which are put into the
// container later.
func podOf(spec engine.Spec, mounts []string, on site, secret string) pod {
	p := pod{
		typeMeta: typeMeta{"v1", "Pod"},
		Metadata: objectMeta{Name: spec.Name, Labels: labelsOf(spec.Name)},
		Spec: podSpec{
			RestartPolicy:   "Never",
			NodeSelector:    maps.Clone(on.NodeSelector),
			Tolerations:     on.Tolerations,
			SecurityContext: securityOf(spec.User),
		},
	}
	if config.IsClusterLabel(spec.Hostname) {
		p.Spec.Hostname = spec.Hostname
	}
	for _, name := range on.PullSecrets {
		p.Spec.ImagePullSecrets = append(p.Spec.ImagePullSecrets, localReference{name})
	}
	if system, arch, is := strings.Cut(spec.Platform, "/"); is {
		if p.Spec.NodeSelector == nil {
			p.Spec.NodeSelector = map[string]string{}
		}
		arch, _, _ = strings.Cut(arch, "/")
		p.Spec.NodeSelector["kubernetes.io/os"], p.Spec.NodeSelector["kubernetes.io/arch"] = system, arch
	}
	c := containerTemplate{
		Name: mainContainer, Image: spec.Image, Command: spec.Entrypoint, Args: spec.Cmd, WorkingDir: spec.WorkDir,
		Resources: limitsOf(spec, on), SecurityContext: noPrivileges(), Lifecycle: &lifecycle{handler{execAction{noteAskedToEnd}}},
	}
	if spec.InnerPort != 0 {
		c.Ports = []containerPort{{spec.InnerPort, "TCP"}}
	}
	for _, v := range spec.Env {
		c.Env = append(c.Env, envVar{v.Name, &envSource{keyReference{secret, v.Name}}})
	}
	if spec.Volume != "" && len(mounts) > 0 {
		for _, target := range mounts {
			c.VolumeMounts = append(c.VolumeMounts, volumeMount{Name: dataVolume, MountPath: target})
		}
		p.Spec.Volumes = append(p.Spec.Volumes, volume{Name: dataVolume, PersistentVolumeClaim: &claimSource{spec.Volume}})
		p.Spec.InitContainers = []containerTemplate{fillOf(spec, mounts[0])}
	}
	if spec.ShmSize > 0 {
		c.VolumeMounts = append(c.VolumeMounts, volumeMount{Name: shmVolume, MountPath: "/dev/shm"})
		p.Spec.Volumes = append(p.Spec.Volumes, volume{Name: shmVolume, EmptyDir: &emptyDirSource{"Memory", strconv.FormatInt(spec.ShmSize, 10)}})
	}
	p.Spec.Containers = []containerTemplate{c}
	return p
}

// askedToEnd is the last message of a container that its node has asked to end. Of one that
// then ends well, a node does not tell that and why it was to end.
const askedToEnd = "asked to end"

var noteAskedToEnd = []string{"/bin/sh", "-c", "echo '" + askedToEnd + "' >/dev/termination-log"}

// fillScript fills an empty volume with what the image has in the directory that the
// volume hides, as an engine does with a volume of its own. A copy that was broken off is
// made again, as nothing else was in the volume. The root of the volume itself is
// somebody else's, so its times and mode stay. A volume without our group is one of a
// storage class that ignores it.
const fillScript = `mark=$2/.colab-tray-filling
[ -w "$2" ] || exit 77
if [ -e "$mark" ] || [ -z "$(ls -A "$2" | grep -vx 'lost+found')" ]; then
  : >"$mark" || exit
  for entry in "$1"/* "$1"/.[!.]* "$1"/..?*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then
      cp -Rp "$entry" "$2/" || exit
    fi
  done
  rm "$mark"
fi`

// readOnlyExit is how fillScript ends when it cannot write to the volume.
const readOnlyExit = 77

// fillOf returns the container that fills the volume before the main one starts.
func fillOf(spec engine.Spec, from string) containerTemplate {
	return containerTemplate{
		Name: fillContainer, Image: spec.Image, Command: []string{"/bin/sh", "-c", fillScript, "sh", from, engine.HelperDataDir},
		Resources: limitsOf(engine.Spec{Memory: spec.Memory, CPUs: spec.CPUs}, site{}), SecurityContext: noPrivileges(),
		VolumeMounts: []volumeMount{{Name: dataVolume, MountPath: engine.HelperDataDir}},
	}
}

// limitsOf returns the limits of a container. A cluster reserves as much as the limit.
func limitsOf(spec engine.Spec, on site) *resources {
	limits := map[string]string{}
	if spec.Memory > 0 {
		limits["memory"] = strconv.FormatInt(spec.Memory, 10)
	}
	if spec.CPUs > 0 {
		limits["cpu"] = fmt.Sprintf("%dm", int64(spec.CPUs*1000))
	}
	switch {
	case spec.GPU.All: // of a cluster, that is the one it has free
		limits[on.GPUResource] = "1"
	case spec.GPU.Count > 0:
		limits[on.GPUResource] = strconv.Itoa(spec.GPU.Count)
	}
	if len(limits) == 0 {
		return nil
	}
	return &resources{Limits: limits}
}

// securityOf returns what holds for all processes of a pod. Without a user, the image's
// has to be another one than root, which the node checks.
func securityOf(user string) *podSecurity {
	s := &podSecurity{RunAsNonRoot: true, FSGroupChangePolicy: "OnRootMismatch", SeccompProfile: &seccompProfile{"RuntimeDefault"}}
	uid, gid, _ := strings.Cut(user, ":")
	if n, err := strconv.ParseInt(uid, 10, 64); err == nil {
		s.RunAsUser = &n
	}
	group := int64(usualGroup)
	if n, err := strconv.ParseInt(gid, 10, 64); err == nil {
		s.RunAsGroup, group = &n, cmp.Or(n, usualGroup)
	}
	s.FSGroup = &group
	return s
}

func noPrivileges() *containerSecurity {
	return &containerSecurity{Capabilities: capabilities{Drop: []string{"ALL"}}}
}

// withFiles returns a pod that has the server files, each at its own path: to mount a
// directory of them would hide what the image has beside.
func withFiles(p pod, in string, files []putFile) pod {
	if len(files) == 0 || len(p.Spec.Containers) == 0 {
		return p
	}
	p.Spec.Volumes = append(slices.Clip(p.Spec.Volumes), volume{Name: filesVolume, ConfigMap: &configMapSource{in}})
	p.Spec.Containers = slices.Clone(p.Spec.Containers)
	c := &p.Spec.Containers[0]
	c.VolumeMounts = slices.Clip(c.VolumeMounts)
	for _, f := range files {
		c.VolumeMounts = append(c.VolumeMounts, volumeMount{Name: filesVolume, MountPath: path.Join("/", f.Path), SubPath: f.Key, ReadOnly: true})
	}
	return p
}
