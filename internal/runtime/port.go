package runtime

import (
	"context"
	"regexp"
	"slices"
	"strconv"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// portHolder returns a text that names the container or process that uses a port of
// the host, other than the container self. It is empty if that is not known.
func portHolder(ctx context.Context, e engine.Engine, info engine.Info, port int, self string) string {
	var names []string
	if !info.Forwarded { // else its containers publish ports of another machine
		names = publishers(ctx, e, port)
	}
	names = slices.DeleteFunc(names, func(n string) bool { return n == self })
	if len(names) > 0 {
		return i18n.T("problem.portContainer", "container", names[0])
	}
	return processAt(port)
}

// publishers returns the names of the containers that publish a port of the host, none
// if the engine cannot tell.
func publishers(ctx context.Context, e engine.Engine, port int) []string {
	ports, has := engine.As[engine.Ports](e)
	if !has {
		return nil
	}
	names, _ := ports.PublishedBy(ctx, port)
	return names
}

// listening is the state of a listening socket in the tables of proc(5).
const listening = "0A"

// busyPort matches the address in what engines say of a port that is in use.
var busyPort = regexp.MustCompile(`127\.0\.0\.1:(\d+)`)

// busyPublished returns which of the profile's published ports, besides that of the
// Backend URL, an engine says is in use; 0 for none.
func busyPublished(p config.Profile, err error) int {
	for _, match := range busyPort.FindAllStringSubmatch(err.Error(), -1) {
		for _, published := range p.Ports {
			if match[1] == strconv.Itoa(published.Host) {
				return published.Host
			}
		}
	}
	return 0
}
