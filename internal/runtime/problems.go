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
	return p.Code == CodeDiedStarting || p.Code == CodeNotOwned || p.Code == CodeExited || p.Code == CodeOutOfMemory
}

// engineProblem tells why an engine does not answer.
func engineProblem(e EngineInfo, err error) *Problem {
	var p *Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, ErrPermission):
		return permissionProblem(e, err)
	case errors.Is(err, ErrTooOld):
		return &Problem{
			Code:  CodeEngineTooOld,
			Short: words.Say("problem.engineTooOld", "engine", e.Name),
			Hint:  words.Say("problem.engineTooOldHint"),
			Err:   err,
		}
	case errors.Is(err, ErrSilent):
		return &Problem{
			Code:    CodeSilent,
			Short:   words.Say("problem.noEngine", "engine", e.Name),
			Hint:    words.Say("problem.silentHint", "host", e.Host, "engine", e.Name),
			Command: restartCommand(e.Host),
			Err:     err,
		}
	default:
		p := &Problem{Code: CodeNoEngine, Short: words.Say("problem.noEngine", "engine", e.Name), Err: err}
		if strange(err) {
			p.Code, p.Hint = CodeSilent, words.Say("problem.strangeHint", "host", e.Host, "cause", words.FullStop(excerpt(err)))
			return p
		}
		p.Hint, p.Command = absence(e)
		return p
	}
}

// strange reports whether somebody answered, though not as an engine does.
func strange(err error) bool {
	return !errors.Is(err, ErrUnreachable) || errors.Is(err, errHangsUp)
}

// absence tells what to do where nothing answers. Who says where the engine is
// can be wrong, unless that is a place where one usually is.
func absence(e EngineInfo) (hint, command string) {
	name, isContext := strings.CutPrefix(e.Found, "context ")
	start := startCommand(e.Host)
	switch {
	case start != "" || !e.Chosen():
		return words.Say("problem.noEngineHint", "host", e.Host, "engine", e.Name, "guide", installGuide), start
	case isContext:
		return words.Say("problem.noEngineContextHint", "host", e.Host, "context", name), "docker context ls"
	default:
		return words.Say("problem.noEngineEnvHint", "host", e.Host, "variable", e.Found), "unset " + e.Found
	}
}

// operationProblem tells why an operation on a runtime failed.
func operationProblem(p config.Profile, which EngineInfo, err error) *Problem {
	switch {
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrPermission), errors.Is(err, ErrTooOld):
		return engineProblem(which, err)
	case errors.Is(err, ErrImageNotFound):
		return &Problem{
			Code:    CodeImageNotFound,
			Short:   words.Say("problem.imageNotFound", "image", p.Image),
			Hint:    words.Say("problem.imageNotFoundHint") + pullSays(which, err),
			Command: which.Command + " pull " + config.ShellWord(p.Image),
			Err:     err,
		}
	case errors.Is(err, ErrNetwork):
		return &Problem{
			Code:    CodePullFailed,
			Short:   words.Say("problem.pullFailed"),
			Hint:    pullHint(p, which, err) + pullSays(which, err),
			Command: which.Command + " pull " + config.ShellWord(p.Image),
			Err:     err,
		}
	case errors.Is(err, ErrDiskFull):
		return &Problem{
			Code:    CodeDiskFull,
			Short:   words.Say("problem.diskFull", "engine", which.Name),
			Hint:    words.Say("problem.diskFullHint", "engine", which.Name),
			Command: which.Command + " system df",
			Err:     err,
		}
	case errors.Is(err, ErrPlatform):
		return platformProblem(p, err)
	case errors.Is(err, ErrLacks):
		return &Problem{
			Code:  CodeNotOffered,
			Short: words.Say("problem.notOffered", "engine", which.Name),
			Hint:  words.Say("problem.notOfferedHint", "host", which.Host),
			Err:   err,
		}
	case errors.Is(err, ErrNoFolder):
		return &Problem{
			Code:    CodeFolderMissing,
			Short:   words.Say("problem.folderMissing"),
			Hint:    words.Say("problem.folderMissingHint", "engine", which.Name, "said", words.FullStop(engineWords(err)), "profile", p.Name),
			Command: "colab-tray config edit",
			Err:     err,
		}
	default:
		return &Problem{
			Code:  CodeEngineFailed,
			Short: words.Say("problem.engineFailed", "engine", which.Name),
			Hint:  words.FullStop(lastError(err)),
			Err:   err,
		}
	}
}

// noContainerProblem tells that there is nothing to do it to yet.
func noContainerProblem(p config.Profile, hint string) *Problem {
	return &Problem{
		Code:    CodeNoContainer,
		Short:   words.Say("problem.noContainer", "runtime", p.Runtime),
		Hint:    hint,
		Command: p.CommandLine("start"),
	}
}

// pullHint tells why a registry could not be reached.
func pullHint(p config.Profile, e EngineInfo, err error) string {
	host, _, _ := strings.Cut(p.Image, "/")
	switch text := strings.ToLower(err.Error()); {
	case strings.Contains(text, "x509"):
		return words.Say("problem.pullCertificateHint", "image", p.Image, "engine", e.Name, "registry", host)
	case isPage(text):
		return words.Say("problem.pullPageHint", "image", p.Image, "engine", e.Name)
	}
	return words.Say("problem.pullFailedHint", "image", p.Image)
}

// pullSays adds what the engine says of a pull, whatever we make of it.
func pullSays(e EngineInfo, err error) string {
	return " " + words.FullStop(words.Say("problem.engineSaysSo", "engine", e.Name, "said", excerpt(err)))
}

// excerpt returns the engine's words, in one line. A web page in them can be long.
func excerpt(err error) string {
	const most = 400
	said := words.Line(strings.Join(strings.Fields(engineWords(err)), " "))
	if runes := []rune(said); len(runes) > most {
		said = string(runes[:most]) + "…"
	}
	return said
}

// localImageProblem tells that there is nothing to pull, because the image was
// made here.
func localImageProblem(p config.Profile, err error) *Problem {
	return &Problem{
		Code:  CodePullFailed,
		Short: words.Say("problem.localImage", "image", p.Image),
		Hint:  words.Say("problem.localImageHint"),
		Err:   err,
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

// unusualProblems tell what of a profile's settings few people mean.
func unusualProblems(p config.Profile) []*Problem {
	var all []*Problem
	for _, warning := range p.Warnings() {
		all = append(all, &Problem{Code: CodeUnusual, Short: strings.TrimSuffix(warning, ".")})
	}
	return all
}

// deathProblem tells why a container that was not asked to has ended; nil when
// it ended in good order.
func deathProblem(c Container, engine EngineInfo, output []string, served bool) *Problem {
	if p := deniedProblem(c, output, engine.Command); p != nil && c.ExitCode != 0 && !c.OOMKilled {
		return p
	}
	p := &Problem{Command: "colab-tray logs --name " + config.ShellWord(c.Name)}
	switch {
	case c.OOMKilled:
		p.Code = CodeOutOfMemory
		p.Short = words.Say("problem.outOfMemory")
		p.Hint = words.Say("problem.outOfMemoryHint", "engine", engine.Name)
	case !served:
		p.Code = CodeDiedStarting
		p.Short = words.Say("problem.diedStarting", "code", c.ExitCode)
		p.Hint = lastWords(c, output)
		if entrypoint := ownEntrypoint(c); entrypoint != "" {
			p.Hint = words.Say("problem.entrypointHint", "image", c.Image, "entrypoint", entrypoint) + "\n" + p.Hint
		}
	case c.ExitCode == 0:
		return nil
	default:
		p.Code = CodeExited
		p.Short = words.Say("problem.exited", "code", c.ExitCode)
		p.Hint = lastWords(c, output)
	}
	return p
}

// lastWords makes a hint of the last lines of a container's output.
func lastWords(c Container, output []string) string {
	const most = 5
	var kept []string
	for _, line := range output {
		if strings.TrimSpace(line) != "" {
			kept = append(kept, line)
		}
	}
	if len(kept) == 0 && c.LogDriver == noLogDriver {
		return noLogProblem(c).Hint
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
		Command: "colab-tray logs --name " + config.ShellWord(c.Name),
		Err:     err,
	}
}

// servesProblem tells what it is in how the server serves that keeps Colab from
// using it.
func servesProblem(c Container, cli, what string, fields ...any) *Problem {
	p := &Problem{
		Code:  CodeServes,
		Short: words.Say("problem.serves."+what, fields...),
		Hint:  words.Say("problem.serves."+what+"Hint") + " " + words.Say("problem.serves.handmadeHint", "container", c.Name),
	}
	if p.Command = setAside(c, cli); c.ours() {
		p.Hint, p.Command = words.Say("problem.serves."+what+"Hint"), "colab-tray logs --name "+c.Name
	}
	return p
}

// overruledProblem tells what of Jupyter's configuration is overruled.
func overruledProblem(c Container, names []string) *Problem {
	return &Problem{
		Code:    CodeOverruled,
		Short:   words.Say("problem.overruled", "settings", strings.Join(names, ", ")),
		Hint:    words.Say("problem.overruledHint"),
		Command: "colab-tray logs --name " + c.Name,
	}
}

// notInForceProblem tells that our settings are in the container, and that its
// Jupyter was not started with them.
func notInForceProblem(c Container) *Problem {
	return &Problem{
		Code:    CodeNotInForce,
		Short:   words.Say("problem.notInForce"),
		Hint:    words.Say("problem.notInForceHint", "image", c.Image),
		Command: "colab-tray logs --name " + c.Name,
	}
}

// openProblem tells that the server asks for no token.
func openProblem(c Container, cli string) *Problem { return servesProblem(c, cli, "open") }

// elsewhereProblem tells that the engine publishes ports, but not here.
func elsewhereProblem(e EngineInfo, port int, err error) *Problem {
	p := &Problem{
		Code:  CodeElsewhere,
		Short: words.Say("problem.elsewhere", "port", port),
		Hint:  words.Say("problem.elsewhereSocketHint", "host", e.Host),
		Err:   err,
	}
	if e.Machine != "" {
		p.Hint = words.Say("problem.elsewhereHint", "host", e.Host)
		p.Command = fmt.Sprintf("ssh -N -L %[1]d:127.0.0.1:%[1]d %s", port, e.Machine)
	}
	return p
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
	return fmt.Sprintf("%s rename %s %s", cli, config.ShellWord(c.Name), config.ShellWord(c.Name+"-old"))
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
		Command: cli + " unpause " + config.ShellWord(c.Name),
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
		Command: "colab-tray stop --name " + config.ShellWord(c.Name),
	}
}

// lastError returns the words of the innermost message; those of the engine are
// said to be its own.
func lastError(err error) string {
	text := engineWords(err)
	if text != err.Error() {
		return words.Say("problem.engineSays", "said", text)
	}
	return words.Line(words.Error(err))
}

// fromEngine is what the docker client puts before the words of an engine.
const fromEngine = "Error response from daemon: "

// engineWords returns the engine's own words where an error has some.
func engineWords(err error) string {
	text := err.Error()
	if _, after, found := strings.Cut(text, fromEngine); found {
		return after
	}
	for _, ours := range []error{ErrNetwork, ErrImageNotFound, ErrPlatform} {
		text = strings.TrimPrefix(text, ours.Error()+": ")
	}
	return text
}
