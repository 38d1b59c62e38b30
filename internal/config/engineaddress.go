package config

import (
	"net"
	"net/url"
	"path"
	"strconv"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/tunnel"
)

// checkEngine checks the address of an engine; empty is the one of this computer.
func checkEngine(address string) (short, hint string) {
	if address == "" {
		return "", ""
	}
	hint = i18n.T("config.engineHint")
	if strings.HasPrefix(address, ClusterScheme) { // its context can be no host of an address
		if _, is := ParseCluster(address); !is {
			return i18n.T("config.noEngine", "address", i18n.Escaped(address)), hint
		}
		return "", ""
	}
	u, err := url.Parse(address)
	if err != nil || !hasNoControls(address) || u.RawQuery != "" || u.Fragment != "" || u.Opaque != "" {
		return i18n.T("config.noEngine", "address", i18n.Escaped(address)), hint
	}
	if _, has := u.User.Password(); has {
		return i18n.T("config.enginePassword"), hint // the address is not repeated
	}
	valid := false
	switch u.Scheme {
	case "ssh":
		_, err := tunnel.ParseDestination(address)
		valid = err == nil
	case "unix":
		valid = u.Host == "" && u.User == nil && path.IsAbs(u.Path)
	case "npipe":
		valid = u.Host == "" && u.User == nil && strings.HasPrefix(u.Path, "//./pipe/")
	case "tcp":
		valid = u.User == nil && u.Path == "" && isPort(u.Port()) && IsLoopback(u.Hostname())
		if u.Hostname() != "" && !IsLoopback(u.Hostname()) {
			return i18n.T("config.engineFarTCP", "address", i18n.Escaped(address)), hint
		}
	}
	if !valid {
		return i18n.T("config.noEngine", "address", i18n.Escaped(address)), hint
	}
	return "", ""
}

func isPort(text string) bool {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return false
	}
	short, _ := checkPort(n)
	return short == ""
}

// IsLoopback reports whether a host of an address is this computer itself.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// OnOtherMachine reports whether the profile's setting engine leads to another machine:
// what it names, such as folders, is of that machine.
func (p Profile) OnOtherMachine() bool {
	return strings.HasPrefix(p.Engine, "ssh://") || p.OnCluster()
}

// OnCluster reports whether the profile's setting engine leads to a Kubernetes cluster.
func (p Profile) OnCluster() bool { return strings.HasPrefix(p.Engine, ClusterScheme) }
