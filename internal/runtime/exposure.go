package runtime

import (
	"net"
	"strconv"

	"colabtray/internal/words"
)

// exposedProblem tells that other computers reach the runtime.
func exposedProblem(s Snapshot) *Problem {
	return &Problem{
		Code:  CodeOpenToNetwork,
		Short: words.Say("problem.open"),
		Hint: words.Say("problem.openHint", "address", s.Open,
			"volume", s.Runtime+"-data", "option", "-p 127.0.0.1:"+strconv.Itoa(s.Port)+":"+strconv.Itoa(s.InnerPort)),
		Command: setAside(Container{Name: s.Runtime}, s.Engine.Command),
	}
}

// localhostProblem tells that localhost leads to another program, too.
func localhostProblem(u BackendURL) *Problem {
	return &Problem{
		Code:  CodeLocalhostTaken,
		Short: words.Say("problem.localhost", "address", net.JoinHostPort(ipv6Loopback, strconv.Itoa(u.port))),
		Hint:  words.Say("problem.localhostHint"),
	}
}
