package runtime

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/words"
)

// aboutExit reports whether the problem is that a container ended.
func (p *Problem) aboutExit() bool {
	return p.Code == CodeDiedStarting || p.Code == CodeExited || p.Code == CodeOutOfMemory
}

// engineProblem tells why the engine at host does not answer.
func engineProblem(host string, err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, ErrPermission):
		return permissionProblem(host, err)
	case errors.Is(err, ErrTooOld):
		return &Problem{
			Code:  CodeEngineTooOld,
			Short: words.Say("problem.engineTooOld"),
			Hint:  words.Say("problem.engineTooOldHint"),
			Err:   err,
		}
	default:
		return &Problem{
			Code:    CodeNoEngine,
			Short:   words.Say("problem.noEngine"),
			Hint:    engineHint(host),
			Command: engineCommand,
			Err:     err,
		}
	}
}

// operationProblem tells why an operation on a runtime failed.
func operationProblem(p config.Profile, e Engine, err error) *Problem {
	switch {
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrPermission), errors.Is(err, ErrTooOld):
		return engineProblem(e.Host(), err)
	case errors.Is(err, ErrImageNotFound):
		return &Problem{
			Code:    CodeImageNotFound,
			Short:   words.Say("problem.imageNotFound", "image", p.Image),
			Hint:    words.Say("problem.imageNotFoundHint"),
			Command: e.CLI() + " pull " + p.Image,
			Err:     err,
		}
	case errors.Is(err, ErrNetwork):
		return &Problem{
			Code:    CodePullFailed,
			Short:   words.Say("problem.pullFailed"),
			Hint:    words.Say("problem.pullFailedHint", "image", p.Image),
			Command: e.CLI() + " pull " + p.Image,
			Err:     err,
		}
	case errors.Is(err, ErrDiskFull):
		return &Problem{
			Code:    CodeDiskFull,
			Short:   words.Say("problem.diskFull"),
			Hint:    words.Say("problem.diskFullHint"),
			Command: e.CLI() + " system df",
			Err:     err,
		}
	case errors.Is(err, ErrPlatform):
		return platformProblem(p, err)
	case errors.Is(err, ErrNoFolder):
		return &Problem{
			Code:    CodeFolderMissing,
			Short:   words.Say("problem.folderMissing"),
			Hint:    words.Say("problem.folderMissingHint", "engine", words.FullStop(engineWords(err)), "profile", p.Name),
			Command: "colab-tray config edit",
			Err:     err,
		}
	default:
		return &Problem{
			Code:  CodeEngineFailed,
			Short: words.Say("problem.engineFailed"),
			Hint:  words.FullStop(lastError(err)),
			Err:   err,
		}
	}
}

// platformProblem tells that the image does not run on this kind of machine.
func platformProblem(p config.Profile, err error) *Problem {
	hint := words.Say("problem.platformHint", "image", p.Image)
	if p.Kind == config.KindColab {
		hint = words.Say("problem.platformColabHint")
	}
	return &Problem{Code: CodeUnsupportedPlatform, Short: words.Say("problem.platform"), Hint: hint, Err: err}
}

// portProblem tells who holds the port, where that is known. The port of a
// container that exists is fixed.
func portProblem(p config.Profile, port int, holder string, exists bool, err error) *Problem {
	problem := &Problem{
		Code:  CodePortInUse,
		Short: words.Say("problem.portInUse", "port", port),
		Hint:  words.Say("problem.portInUseHint"),
		Err:   err,
	}
	if holder != "" {
		problem.Short = words.Say("problem.portInUseBy", "port", port, "holder", holder)
	}
	if !exists {
		problem.Hint = words.Say("problem.portInUseNewHint")
		problem.Command = p.CommandLine("start", "--port", strconv.Itoa(nextPort(port)))
	}
	return problem
}

func nextPort(port int) int {
	if port < 65535 {
		return port + 1
	}
	return port - 1
}

// failedExit reports whether a container that ended before we watched ended
// badly. 130, 137 and 143 are what signals leave: somebody ended it.
func failedExit(c Container) bool {
	if !c.Exists || c.Running || c.StartedAt.IsZero() {
		return false
	}
	switch c.ExitCode {
	case 0, 130, 137, 143:
		return c.OOMKilled
	}
	return true
}

// deathProblem tells why a container that was not asked to has ended; nil when
// it ended in good order.
func deathProblem(c Container, output []string, served bool) *Problem {
	p := &Problem{Command: "colab-tray logs --name " + c.Name}
	switch {
	case c.OOMKilled:
		p.Code = CodeOutOfMemory
		p.Short = words.Say("problem.outOfMemory")
		p.Hint = words.Say("problem.outOfMemoryHint")
	case !served:
		p.Code = CodeDiedStarting
		p.Short = words.Say("problem.diedStarting", "code", c.ExitCode)
		p.Hint = lastWords(output)
	case c.ExitCode == 0:
		return nil
	default:
		p.Code = CodeExited
		p.Short = words.Say("problem.exited", "code", c.ExitCode)
		p.Hint = lastWords(output)
	}
	return p
}

// lastWords makes a hint of the last lines of a container's output.
func lastWords(output []string) string {
	const most = 5
	var kept []string
	for _, line := range output {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 {
		return words.Say("problem.noLastOutput")
	}
	return words.Say("problem.lastOutput") + "\n" + strings.Join(kept[max(0, len(kept)-most):], "\n")
}

// silenceProblem tells that Jupyter does not answer though its container runs.
func silenceProblem(c Container, port int, err error) *Problem {
	return &Problem{
		Code:    CodeNoAnswer,
		Short:   words.Say("problem.noAnswer"),
		Hint:    words.Say("problem.noAnswerHint", "port", port),
		Command: "colab-tray logs --name " + c.Name,
		Err:     err,
	}
}

// unpublishedProblem tells that no port of the container can be reached.
func unpublishedProblem(c Container, cli string) *Problem {
	return &Problem{
		Code:    CodeNotPublished,
		Short:   words.Say("problem.notPublished"),
		Hint:    words.Say("problem.notPublishedHint", "container", c.Name),
		Command: setAside(c, cli),
	}
}

// occupiedProblem tells that a settings file is in the way of ours.
func occupiedProblem(c Container, path, cli string) *Problem {
	return &Problem{
		Code:    CodeOccupied,
		Short:   words.Say("problem.occupied"),
		Hint:    words.Say("problem.occupiedHint", "file", path, "container", c.Name),
		Command: setAside(c, cli),
	}
}

// setAside is the command that gives a container another name.
func setAside(c Container, cli string) string {
	return fmt.Sprintf("%s rename %s %s-old", cli, c.Name, c.Name)
}

// rolledBackProblem tells why a new container was given up for the old one, which
// the short line says.
func rolledBackProblem(short string, cause *Problem) *Problem {
	p := &Problem{Code: CodeRolledBack, Short: short, Hint: words.FullStop(cause.Short), Err: cause}
	if cause.Hint != "" {
		p.Hint += " " + cause.Hint
	}
	return p
}

// noPreviousProblem tells that no update can be undone.
func noPreviousProblem(p config.Profile) *Problem {
	return &Problem{
		Code:  CodeNoPrevious,
		Short: words.Say("problem.noPrevious", "runtime", p.Runtime),
		Hint:  words.Say("problem.noPreviousHint"),
	}
}

// notPutBackProblem tells where the old container is, when neither it nor the
// new one could be made to run.
func notPutBackProblem(p config.Profile, name string, err error) *Problem {
	return &Problem{
		Code:    CodeEngineFailed,
		Short:   words.Say("problem.notPutBack"),
		Hint:    words.Say("problem.notPutBackHint", "container", name),
		Command: p.CommandLine("start"),
		Err:     err,
	}
}

// nameTakenProblem tells that a container of somebody else has a name that is
// needed while a container is replaced.
func nameTakenProblem(name, cli string) *Problem {
	return &Problem{
		Code:    CodeNameTaken,
		Short:   words.Say("problem.nameTaken", "container", name),
		Hint:    words.Say("problem.nameTakenHint", "container", name),
		Command: setAside(Container{Name: name}, cli),
	}
}

// handmadeProblem tells that a container is not made anew, because nobody but
// its owner knows what it was made from.
func handmadeProblem(c Container, cli string) *Problem {
	return &Problem{
		Code:    CodeHandmade,
		Short:   words.Say("problem.handmade"),
		Hint:    words.Say("problem.handmadeHint", "container", c.Name, "volume", c.Name+"-data"),
		Command: setAside(c, cli),
	}
}

func pausedProblem(c Container, cli string) *Problem {
	return &Problem{
		Code:    CodeNoAnswer,
		Short:   words.Say("problem.paused"),
		Hint:    words.Say("problem.pausedHint"),
		Command: cli + " unpause " + c.Name,
	}
}

func stoppedMeanwhileProblem() *Problem {
	return &Problem{
		Code:  CodeCancelled,
		Short: words.Say("problem.stoppedMeanwhile"),
		Hint:  words.Say("problem.stoppedMeanwhileHint"),
	}
}

func startedAgainProblem(c Container) *Problem {
	return &Problem{
		Code:    CodeCancelled,
		Short:   words.Say("problem.startedAgain"),
		Hint:    words.Say("problem.startedAgainHint"),
		Command: "colab-tray stop --name " + c.Name,
	}
}

// lastError returns the words of the innermost message; those of the engine are
// said to be its own.
func lastError(err error) string {
	text := engineWords(err)
	if text != err.Error() {
		return words.Say("problem.engineSays", "engine", text)
	}
	return text
}

// fromEngine is what the docker client puts before the words of an engine.
const fromEngine = "Error response from daemon: "

// engineWords returns the engine's own words where an error has some.
func engineWords(err error) string {
	text := err.Error()
	if _, after, found := strings.Cut(text, fromEngine); found {
		return after
	}
	return text
}
