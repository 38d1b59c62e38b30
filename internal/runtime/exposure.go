package runtime

import (
	"net"
	"strconv"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/words"
)

// exposedProblem tells that other computers reach the runtime.
func exposedProblem(s Snapshot) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeOpenToNetwork,
		Short: words.Say("problem.open"),
		Hint: words.Say("problem.openHint", "address", s.Open,
			"volume", s.Runtime+"-data", "option", "-p 127.0.0.1:"+strconv.Itoa(s.Port)+":"+strconv.Itoa(s.InnerPort)),
		Command: engine.SetAside(engine.Container{Name: s.Runtime}, s.Engine.Command),
	}
}

// localhostProblem tells that localhost leads to another program, too.
func localhostProblem(u jupyter.BackendURL) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeLocalhostTaken,
		Short: words.Say("problem.localhost", "address", net.JoinHostPort(jupyter.Ipv6Loopback, strconv.Itoa(u.Port()))),
		Hint:  words.Say("problem.localhostHint"),
	}
}
