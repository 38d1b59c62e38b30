package config

import (
	"regexp"
	"strings"
	"sync"

	"colabtray/internal/i18n"
)

// ClusterSettings are what a Kubernetes cluster wants to know of a runtime, and other
// engines do not.
type ClusterSettings struct {
	// GPUResource is how the cluster calls its GPUs; empty for nvidia.com/gpu.
	GPUResource string
	// NodeSelector has labels of the machines that the runtime can be on, such as
	// "pool=gpu".
	NodeSelector []string
	// Tolerations name taints of machines that the runtime can be on all the same, as
	// kubectl does: "key=value:Effect", "key:Effect", or "key" for each effect.
	Tolerations []string
	// PullSecret is the name of the secret with which the cluster pulls the image; empty
	// for none.
	PullSecret string
	// StorageClass is the class of the storage of the data; empty for the cluster's
	// default.
	StorageClass string
	// DataSize is the size of the storage of the data, in bytes; 0 for 10 GiB.
	DataSize int64
}

// IsZero reports whether nothing is set.
func (c ClusterSettings) IsZero() bool {
	return c.GPUResource == "" && len(c.NodeSelector) == 0 && len(c.Tolerations) == 0 && c.PullSecret == "" && c.StorageClass == "" && c.DataSize == 0
}

// minDataSize is the smallest storage that data can have.
const minDataSize = 100 << 20

const (
	clusterName   = `[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?`
	clusterPrefix = `([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?/)?`
	clusterWord   = `[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?`
)

var (
	wholeClusterName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + clusterName + `$`) })
	clusterResource  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^` + clusterName + `/` + clusterWord + `$`) })
	clusterSelector  = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + clusterPrefix + clusterWord + `=(` + clusterWord + `)?$`)
	})
	clusterTaint = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^` + clusterPrefix + clusterWord + `(=(` + clusterWord + `)?)?(:(NoSchedule|PreferNoSchedule|NoExecute))?$`)
	})
)

// asClusterHas returns the check of a text that has to be as a cluster has it. An empty
// text is valid if there is a default.
func asClusterHas(pattern func() *regexp.Regexp, example string, hasDefault bool) func(string) (short, hint string) {
	return func(text string) (short, hint string) {
		if text == "" && hasDefault || pattern().MatchString(text) {
			return "", ""
		}
		return i18n.T("config.noClusterText", "text", i18n.Escaped(text)), i18n.T("config.clusterTextHint", "example", example)
	}
}

// clusterSettings are the settings of a profile that only a cluster reads.
var clusterSettings = []setting[Settings]{
	value("gpu_resource", func(s *Settings) *string { return &s.Profile.Cluster.GPUResource }, readText(asClusterHas(clusterResource, "nvidia.com/gpu", true))),
	value("node_selector", func(s *Settings) *[]string { return &s.Profile.Cluster.NodeSelector }, readTexts(asClusterHas(clusterSelector, "pool=gpu", false))).as(InputLines),
	value("tolerations", func(s *Settings) *[]string { return &s.Profile.Cluster.Tolerations }, readTexts(asClusterHas(clusterTaint, "nvidia.com/gpu:NoSchedule", false))).as(InputLines),
	value("pull_secret", func(s *Settings) *string { return &s.Profile.Cluster.PullSecret }, readText(asClusterHas(wholeClusterName, "registry", true))),
	value("storage_class", func(s *Settings) *string { return &s.Profile.Cluster.StorageClass }, readText(asClusterHas(wholeClusterName, "fast-ssd", true))),
	value("data_size", func(s *Settings) *int64 { return &s.Profile.Cluster.DataSize }, readSize(minDataSize)).shown(func(s *Settings) string { return encodeSize(s.Profile.Cluster.DataSize) }),
}

// withClusterSettings adds the settings that only a cluster reads.
func withClusterSettings(t settingTable) settingTable {
	for _, one := range clusterSettings {
		one.where = Profile.OnCluster
		t.settings = append(t.settings, one)
	}
	return t
}

// notOnCluster reports whether the engine has what no cluster has.
func notOnCluster(p Profile) bool { return !p.OnCluster() }

// CutTaint parts a taint of [ClusterSettings.Tolerations]. hasValue is false when any
// value is meant, and effect is empty for each.
func CutTaint(taint string) (key, value string, hasValue bool, effect string) {
	rest, effect, _ := strings.Cut(taint, ":")
	key, value, hasValue = strings.Cut(rest, "=")
	return key, value, hasValue, effect
}
