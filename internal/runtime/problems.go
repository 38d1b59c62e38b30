package runtime

import (
	"cmp"
	"context"
	"net"
	"strconv"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// aboutExit reports whether the problem is the end of a container.
func aboutExit(p *problem.Problem) bool {
	switch p.Code {
	case problem.DiedStarting, problem.NotOwned, problem.Exited, problem.OutOfMemory,
		problem.Evicted, problem.Preempted, problem.MachineLost, problem.EndedElsewhere, problem.Overdue, problem.NotFilled, problem.VolumeReadOnly:
		return true
	default:
		return false
	}
}

// localImageProblem is the problem that an image cannot be pulled, because it was
// built on this computer.
func localImageProblem(p config.Profile, err error) *problem.Problem {
	return &problem.Problem{
		Code:  problem.PullFailed,
		Short: i18n.T("problem.localImage", "image", p.Image),
		Hint:  i18n.T("problem.localImageHint"),
		Err:   err,
	}
}

// portProblem is the problem that a port is in use. It names the holder if the holder
// is known. The hint depends on whether the container exists, because an existing
// container keeps its port. free is another port that can be used instead, 0 for none.
func portProblem(p config.Profile, port int, holder string, exists bool, free int, err error) *problem.Problem {
	problem := &problem.Problem{
		Code:  problem.PortInUse,
		Short: i18n.T("problem.portInUse", "port", port),
		Hint:  i18n.T("problem.portInUseHint"),
		Err:   err,
	}
	if holder != "" {
		problem.Short = i18n.T("problem.portInUseBy", "port", port, "holder", holder)
	}
	if free != 0 {
		problem.Acts = usePortInstead(free)
	}
	if !exists {
		problem.Hint = i18n.T("problem.portInUseNewHint")
		problem.Command = p.CommandLine("start", "--port", strconv.Itoa(cmp.Or(free, port+1)))
	}
	return problem
}

// publishedPortProblem is the problem that one of the other ports of the profile is in
// use.
func publishedPortProblem(port int, holder string, err error) *problem.Problem {
	p := &problem.Problem{
		Code:    problem.PortInUse,
		Short:   i18n.T("problem.portInUse", "port", port),
		Hint:    i18n.T("problem.publishedInUseHint"),
		Command: "colab-tray config edit",
		Err:     err,
	}
	if holder != "" {
		p.Short = i18n.T("problem.portInUseBy", "port", port, "holder", holder)
	}
	return p
}

func usePortInstead(port int) []problem.Act {
	return []problem.Act{{Name: problem.ActUsePort, Port: port}, {Name: problem.ActStart}}
}

// freePort returns a port after the given one at which nothing of this computer
// listens, 0 if there is none nearby.
func freePort(ctx context.Context, after int) int {
	const most = 100
	for port := after + 1; port <= min(after+most, 65535); port++ {
		l, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			_ = l.Close()
			return port
		}
	}
	return 0
}

// failedExit reports whether a container has ended with a failure. Exit codes 130, 137
// and 143 are no failure unless the memory was exhausted: they stand for the signals
// INT, KILL and TERM, by which somebody ends a container.
func failedExit(c engine.Container) bool {
	if !c.Exists || c.Running || c.StartedAt.IsZero() {
		return false
	}
	switch c.ExitCode {
	case 0, 130, 137, 143:
		return c.OOMKilled || c.Cause != ""
	}
	return true
}

// unusualProblems returns warnings about settings that the person probably does not
// want.
func unusualProblems(p config.Profile) []*problem.Problem {
	var all []*problem.Problem
	for _, warning := range p.Warnings() {
		all = append(all, &problem.Problem{Code: problem.Unusual, Short: strings.TrimSuffix(warning, ".")})
	}
	return all
}

// deathProblem is the problem that a container has ended without a request. It is nil
// if the container has ended without an error after Jupyter has answered.
func deathProblem(c engine.Container, e engine.Info, output []string, served bool) *problem.Problem {
	if p := causeProblem(c, e); p != nil {
		return p
	}
	if p := deniedProblem(c, output, e.Command); p != nil && c.ExitCode != 0 && !c.OOMKilled {
		return p
	}
	p := &problem.Problem{Command: "colab-tray logs --name " + config.ShellWord(c.Name)}
	switch {
	case c.OOMKilled:
		p.Code = problem.OutOfMemory
		p.Short = i18n.T("problem.outOfMemory")
		p.Hint = i18n.T("problem.outOfMemoryHint", "engine", e.Name)
		if limit := c.Effective.Memory; limit > 0 {
			p.Hint = i18n.T("problem.outOfMemoryLimitHint", "limit", i18n.Bytes(limit))
		}
	case !served:
		p.Code = problem.DiedStarting
		p.Short = i18n.T("problem.diedStarting", "code", c.ExitCode)
		p.Hint = lastOutputText(c, output)
		if entrypoint := engine.OwnEntrypoint(c); entrypoint != "" {
			p.Hint = i18n.T("problem.entrypointHint", "image", c.Image, "entrypoint", entrypoint) + "\n" + p.Hint
		}
	case c.ExitCode == 0:
		return nil
	default:
		p.Code = problem.Exited
		p.Short = i18n.T("problem.exited", "code", c.ExitCode)
		p.Hint = lastOutputText(c, output)
	}
	return p
}

// causes are the problems for the causes that engines have for ending a container.
var causes = map[engine.Cause]problem.Code{
	engine.CauseEvicted:   problem.Evicted,
	engine.CausePreempted: problem.Preempted,
	engine.CauseLost:      problem.MachineLost,
	engine.CauseDeleted:   problem.EndedElsewhere,
	engine.CauseImage:     problem.PullFailed,
	engine.CauseNotMade:   problem.ClusterRefused,
	engine.CauseOverdue:   problem.Overdue,
	engine.CauseNotFilled: problem.NotFilled,
	engine.CauseReadOnly:  problem.VolumeReadOnly,
}

// causeProblem is the problem that the engine itself has ended a container; nil if its
// exit code tells all. The data are kept in each of them, and a start is possible.
func causeProblem(c engine.Container, e engine.Info) *problem.Problem {
	code, known := causes[c.Cause]
	if !known {
		return nil
	}
	p := &problem.Problem{
		Code: code, Short: i18n.T("problem.ended." + string(c.Cause)),
		Hint: i18n.T("problem.ended."+string(c.Cause)+"Hint", "machine", i18n.Line(cmp.Or(e.Elsewhere(), e.Name)), "image", i18n.Line(c.Image)),
	}
	if code == problem.ClusterRefused || code == problem.PullFailed { // of which others leave no container to start
		p.Acts = []problem.Act{{Name: problem.ActStart}, {Name: problem.ActEditSettings}}
	}
	if c.CauseSaid != "" {
		p.Hint += " " + engineSays(e, c.CauseSaid)
	}
	return p
}

// lastOutputText returns a hint with the last lines of a container's output.
func lastOutputText(c engine.Container, output []string) string {
	const most = 5
	var kept []string
	for _, line := range output {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 && c.LogDriver == engine.NoLogDriver {
		return engine.NoLogProblem(c).Hint
	}
	if len(kept) == 0 {
		return i18n.T("problem.noLastOutput")
	}
	return i18n.T("problem.lastOutput") + "\n" + strings.Join(kept[max(0, len(kept)-most):], "\n")
}

// occupiedProblem is the problem that a container has a file, not ours, at the path of
// one of our files.
func occupiedProblem(c engine.Container, path, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.Occupied,
		Short:   i18n.T("problem.occupied"),
		Hint:    i18n.T("problem.occupiedHint", "file", path, "container", c.Name),
		Command: engine.RenameCommand(c, cli),
	}
}

// rolledBackProblem is the problem that an operation rolled back to the old container.
// cause tells why the new one does not work.
func rolledBackProblem(short string, cause *problem.Problem) *problem.Problem {
	p := &problem.Problem{Code: problem.RolledBack, Short: short, Hint: i18n.FullStop(cause.Short), Err: cause}
	if cause.Hint != "" {
		p.Hint += " " + cause.Hint
	}
	return p
}

// noPreviousProblem is the problem that there is no update to undo.
func noPreviousProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:  problem.NoPrevious,
		Short: i18n.T("problem.noPrevious", "runtime", p.Runtime),
		Hint:  i18n.T("problem.noPreviousHint"),
	}
}

// notRolledBackProblem is the problem that the rollback has failed as well. It names
// the old container.
func notRolledBackProblem(p config.Profile, name string, err error) *problem.Problem {
	return &problem.Problem{
		Code:    problem.EngineFailed,
		Short:   i18n.T("problem.notPutBack"),
		Hint:    i18n.T("problem.notPutBackHint", "container", name),
		Command: p.CommandLine("start"),
		Err:     err,
	}
}

// nameTakenProblem is the problem that a foreign container has a name that is needed
// to replace a container.
func nameTakenProblem(name, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NameTaken,
		Short:   i18n.T("problem.nameTaken", "container", name),
		Hint:    i18n.T("problem.nameTakenHint", "container", name),
		Command: engine.RenameCommand(engine.Container{Name: name}, cli),
	}
}

func pausedProblem(p config.Profile) *problem.Problem {
	return &problem.Problem{
		Code:    problem.Paused,
		Short:   i18n.T("problem.paused"),
		Hint:    i18n.T("problem.pausedHint"),
		Command: p.CommandLine("start"),
	}
}

func stoppedMeanwhileProblem() *problem.Problem {
	return &problem.Problem{
		Code:  problem.Cancelled,
		Short: i18n.T("problem.stoppedMeanwhile"),
		Hint:  i18n.T("problem.stoppedMeanwhileHint"),
	}
}

// supersededProblem is the problem that an exclusive operation was not begun, because
// another request took its place.
func supersededProblem() *problem.Problem {
	return &problem.Problem{
		Code:  problem.Cancelled,
		Short: i18n.T("problem.superseded"),
		Hint:  i18n.T("problem.supersededHint"),
	}
}

func notReadyProblem() *problem.Problem {
	return &problem.Problem{Code: problem.NotReady, Short: i18n.T("problem.notReady"), Hint: i18n.T("problem.notReadyHint")}
}

func noProfileProblem(name string) *problem.Problem {
	return &problem.Problem{
		Code:  problem.NoProfile,
		Short: i18n.T("problem.noProfile", "profile", i18n.Escaped(name)),
		Hint:  i18n.T("problem.noProfileHint"),
	}
}

// exposedProblem is the problem that other computers can reach the runtime.
func exposedProblem(s Snapshot) *problem.Problem {
	return &problem.Problem{
		Code:  problem.OpenToNetwork,
		Short: i18n.T("problem.open"),
		Hint: i18n.T("problem.openHint", "address", s.Open,
			"volume", s.Runtime+"-data", "option", "-p 127.0.0.1:"+strconv.Itoa(s.Port)+":"+strconv.Itoa(s.InnerPort)),
		Command: engine.RenameCommand(engine.Container{Name: s.Runtime}, s.Engine.Command),
	}
}

// localhostProblem is the problem that localhost leads to another program as well, at
// [::1].
func localhostProblem(u jupyter.BackendURL) *problem.Problem {
	return &problem.Problem{
		Code:  problem.LocalhostTaken,
		Short: i18n.T("problem.localhost", "address", net.JoinHostPort(jupyter.IPv6Loopback, strconv.Itoa(u.Port()))),
		Hint:  i18n.T("problem.localhostHint"),
	}
}
