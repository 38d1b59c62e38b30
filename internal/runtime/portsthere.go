package runtime

import (
	"fmt"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/tunnel"
)

// portsThereWarning is the problem that the profile's other ports are published on
// another machine alone. It returns nil if they are not.
func portsThereWarning(p config.Profile, e engine.Info) *problem.Problem {
	if !e.Forwarded || len(p.Ports) == 0 {
		return nil
	}
	warning := &problem.Problem{
		Code:  problem.Elsewhere,
		Short: i18n.T("problem.portsThere", "ports", config.EncodePorts(p.Ports), "machine", e.Machine),
		Hint:  i18n.T("problem.portsThereHint"),
	}
	if box, err := tunnel.ParseDestination(e.Host); err == nil {
		warning.Command = "ssh -N"
		for _, port := range p.Ports {
			warning.Command += fmt.Sprintf(" -L %[1]d:127.0.0.1:%[1]d", port.Host)
		}
		warning.Command += " " + box.Host()
	}
	return warning
}
