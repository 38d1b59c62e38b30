package runtime

import (
	"net"
	"strconv"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// exposedProblem tells that other computers reach the runtime.
func exposedProblem(s Snapshot) *problem.Problem {
	return &problem.Problem{
		Code:  problem.OpenToNetwork,
		Short: i18n.T("problem.open"),
		Hint: i18n.T("problem.openHint", "address", s.Open,
			"volume", s.Runtime+"-data", "option", "-p 127.0.0.1:"+strconv.Itoa(s.Port)+":"+strconv.Itoa(s.InnerPort)),
		Command: engine.RenameCommand(engine.Container{Name: s.Runtime}, s.Engine.Command),
	}
}

// localhostProblem tells that localhost leads to another program, too.
func localhostProblem(u jupyter.BackendURL) *problem.Problem {
	return &problem.Problem{
		Code:  problem.LocalhostTaken,
		Short: i18n.T("problem.localhost", "address", net.JoinHostPort(jupyter.IPv6Loopback, strconv.Itoa(u.Port()))),
		Hint:  i18n.T("problem.localhostHint"),
	}
}
