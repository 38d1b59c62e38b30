package config

import (
	"errors"
	"net/url"
	"regexp"
	"strings"
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
func ParseCluster(address string) (c Cluster, err error) {
	const mostContext = 253
	rest, is := strings.CutPrefix(address, ClusterScheme)
	context, namespace, hasNamespace := strings.Cut(rest, "/")
	if !is {
		return Cluster{}, errors.New("the address does not begin with " + ClusterScheme)
	}
	if strings.ContainsFunc(rest, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) || r == '?' || r == '#' }) {
		return Cluster{}, errors.New("the address of a cluster has no space, control character, query or fragment in it")
	}
	if c.Context, err = url.PathUnescape(context); err != nil {
		return Cluster{}, errors.New("a % in the name of a context is written %25")
	}
	c.Namespace = namespace
	switch {
	case len(c.Context) > mostContext || !utf8.ValidString(c.Context) || strings.ContainsFunc(c.Context, func(r rune) bool { return !unicode.IsPrint(r) }):
		return Cluster{}, errors.New("this is no name of a context")
	case hasNamespace && namespace != "" && !IsClusterLabel(namespace):
		return Cluster{}, errors.New("this is no name of a namespace")
	}
	return c, nil
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
var clusterLabel = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$`)

// IsClusterLabel reports whether a cluster takes a text as the name of a namespace, and
// of a pod that is also the name of its host.
func IsClusterLabel(text string) bool { return clusterLabel.MatchString(text) }
