package config

import (
	"strconv"
	"strings"

	"colabtray/internal/i18n"
)

// PublishedPort is a port in the container that a port on 127.0.0.1 leads to, besides
// that of Jupyter.
type PublishedPort struct {
	// Host is the port on 127.0.0.1, and Container the one in the container.
	Host, Container int
}

func (p PublishedPort) encoded() string {
	if p.Host == p.Container {
		return strconv.Itoa(p.Host)
	}
	return quote(strconv.Itoa(p.Host) + ":" + strconv.Itoa(p.Container))
}

// EncodePorts returns the value of the setting ports as TOML.
func EncodePorts(ports []PublishedPort) string { return encode(ports) }

// asPorts splits the text of the flag or the variable; both take commas, too.
func asPorts(text string) (v any, short, hint string) {
	var list []any
	for one := range strings.SplitSeq(strings.ReplaceAll(text, flagSeparator, ","), ",") {
		list = append(list, strings.TrimSpace(one))
	}
	return list, "", ""
}

// readPorts reads the list of published ports: numbers, and texts with the port of the
// host before that of the container.
func readPorts(r *reader, at location, v any) ([]PublishedPort, error) {
	list, is := v.([]any)
	if !is {
		return nil, r.wrong(at, i18n.T("config.wantPorts"), i18n.T("config.portsHint"))
	}
	var ports []PublishedPort
	hosts, containers := map[int]bool{}, map[int]bool{}
	for i, item := range list {
		p, short := parsePublished(item)
		switch {
		case short != "":
		case hosts[p.Host]:
			short = i18n.T("config.portTwice", "port", p.Host)
		case containers[p.Container]:
			short = i18n.T("config.innerPortTwice", "port", p.Container)
		}
		if short != "" {
			return nil, r.wrong(at.item(i), short, i18n.T("config.portsHint"))
		}
		hosts[p.Host], containers[p.Container] = true, true
		ports = append(ports, p)
	}
	return ports, nil
}

// parsePublished returns the port that an item of the list stands for, or what is wrong
// with it.
func parsePublished(item any) (p PublishedPort, short string) {
	parse := func(text string) int {
		n, err := strconv.ParseUint(text, 10, 16)
		if err != nil || n == 0 {
			short = i18n.T("config.noPort", "port", i18n.Escaped(text))
		}
		return int(n)
	}
	switch v := item.(type) {
	case int64:
		p.Host = parse(strconv.FormatInt(v, 10))
		p.Container = p.Host
	case string:
		host, container, two := strings.Cut(v, ":")
		if !two {
			container = host
		}
		p.Host, p.Container = parse(host), parse(container)
	default:
		short = i18n.T("config.wantPorts")
	}
	return p, short
}

// portConflict returns which of the published ports is in the way of Jupyter's own, and
// why; short is empty if there is none.
func (p Profile) portConflict() (item int, short, hint string) {
	for i, published := range p.Ports {
		switch {
		case published.Host == p.Port:
			return i, i18n.T("config.portOfURL", "port", p.Port), i18n.T("config.portOfURLHint")
		case published.Container == p.Kind.Port():
			return i, i18n.T("config.portOfJupyter", "port", published.Container), i18n.T("config.portOfJupyterHint")
		}
	}
	return 0, "", ""
}
