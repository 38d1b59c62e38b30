package config

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"
)

// ClusterScheme begins the address of a Kubernetes cluster.
const ClusterScheme = "kubernetes://"

// Cluster is what the address of a Kubernetes cluster names.
type Cluster struct {
	// Context is one of kubectl's configuration; empty for kubectl's current one.
	Context string
	// Namespace is one of the cluster; empty for that of the context.
	Namespace string
}

// ParseCluster reads an address of the form kubernetes://[CONTEXT][/NAMESPACE]. The name
// of a context can be any text: in the address, what is not plain is written as in other
// addresses, such as %2F for a slash.
func ParseCluster(address string) (c Cluster, is bool) {
	const mostContext = 253
	rest, is := strings.CutPrefix(address, ClusterScheme)
	strange := func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '?' || r == '#' }
	if !is || strings.ContainsFunc(rest, strange) {
		return Cluster{}, false
	}
	context, namespace, _ := strings.Cut(rest, "/")
	context, err := url.PathUnescape(context)
	if err != nil || len(context) > mostContext || !utf8.ValidString(context) || strings.ContainsFunc(context, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return Cluster{}, false
	}
	if namespace != "" && !IsClusterLabel(namespace) {
		return Cluster{}, false
	}
	return Cluster{context, namespace}, true
}

// Address returns the address of the cluster.
func (c Cluster) Address() string {
	address := ClusterScheme + url.PathEscape(c.Context)
	if c.Namespace != "" {
		address += "/" + c.Namespace
	}
	return address
}

// clusterLabel matches the names that a cluster gives to namespaces and hosts
// (RFC 1123).
var clusterLabel = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`) })

// IsClusterLabel reports whether a cluster takes a text as the name of a namespace, and
// of a pod that is also the name of its host.
func IsClusterLabel(text string) bool { return clusterLabel().MatchString(text) }
