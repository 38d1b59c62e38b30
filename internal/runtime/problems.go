package runtime

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"colabtray/internal/config"
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
			Short: "Docker is too old",
			Hint:  "Colab Tray needs Docker 19.03 or newer (API 1.40), or Podman 4. Please update it.",
			Err:   err,
		}
	default:
		return &Problem{
			Code:    CodeNoEngine,
			Short:   "Docker does not answer",
			Hint:    fmt.Sprintf("Nothing answers at %s. %s", host, engineHint),
			Command: engineCommand,
			Err:     err,
		}
	}
}

// operationProblem tells why an operation on a runtime failed.
func operationProblem(p config.Profile, host string, err error) *Problem {
	switch {
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrPermission), errors.Is(err, ErrTooOld):
		return engineProblem(host, err)
	case errors.Is(err, ErrImageNotFound):
		return &Problem{
			Code:    CodeImageNotFound,
			Short:   "There is no image " + p.Image,
			Hint:    "The registry does not have it, or wants you to log in. Check the spelling of the image's name.",
			Command: "docker pull " + p.Image,
			Err:     err,
		}
	case errors.Is(err, ErrNetwork):
		return &Problem{
			Code:    CodePullFailed,
			Short:   "The image could not be pulled",
			Hint:    fmt.Sprintf("The registry of %s cannot be reached. Check the connection to the internet, then start again: what the engine has kept of it is not pulled twice.", p.Image),
			Command: "docker pull " + p.Image,
			Err:     err,
		}
	case errors.Is(err, ErrDiskFull):
		return &Problem{
			Code:    CodeDiskFull,
			Short:   "The disk of Docker is full",
			Hint:    "Free some space and start again. The command shows what Docker keeps; it deletes nothing.",
			Command: "docker system df",
			Err:     err,
		}
	case errors.Is(err, ErrPlatform):
		return platformProblem(p, err)
	case errors.Is(err, ErrNoFolder):
		return &Problem{
			Code:    CodeFolderMissing,
			Short:   "A folder of the settings is not there",
			Hint:    sentence("Docker says: "+lastError(err)) + " Make the folder, or take it out of the settings of the profile " + p.Name + ".",
			Command: "colab-tray config edit",
			Err:     err,
		}
	default:
		return &Problem{
			Code:  CodeEngineFailed,
			Short: "Docker could not do it",
			Hint:  sentence(lastError(err)),
			Err:   err,
		}
	}
}

// platformProblem tells that the image does not run on this kind of machine.
func platformProblem(p config.Profile, err error) *Problem {
	hint := fmt.Sprintf("%s has no version for this machine's processor. Choose another image.", p.Image)
	if p.Kind == config.KindColab {
		hint = "Google's Colab image is made for amd64 processors only and fails on ARM, also when emulated. Use the profile jupyter here."
	}
	return &Problem{Code: CodeUnsupportedPlatform, Short: "The image does not run on this processor", Hint: hint, Err: err}
}

// portProblem tells who holds the port, where that is known. The port of a
// container that exists is fixed.
func portProblem(port int, holder string, exists bool, err error) *Problem {
	p := &Problem{
		Code:  CodePortInUse,
		Short: fmt.Sprintf("Port %d is in use by another program", port),
		Hint:  "End that program, then start again.",
		Err:   err,
	}
	if holder != "" {
		p.Short = fmt.Sprintf("Port %d is in use by %s", port, holder)
	}
	if !exists {
		p.Hint = "End that program, then start again; or use another port."
		p.Command = fmt.Sprintf("colab-tray start --port %d", nextPort(port))
	}
	return p
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
		p.Short = "The runtime ran out of memory"
		p.Hint = "Docker ended it. Give Docker more memory, or load less data at once, and start the runtime again. Files in the data volume are kept."
	case !served:
		p.Code = CodeDiedStarting
		p.Short = fmt.Sprintf("The runtime ended while starting (exit code %d)", c.ExitCode)
		p.Hint = lastWords(output)
	case c.ExitCode == 0:
		return nil
	default:
		p.Code = CodeExited
		p.Short = fmt.Sprintf("The runtime ended by itself (exit code %d)", c.ExitCode)
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
		return "It wrote nothing before it ended."
	}
	return "Its last output:\n" + strings.Join(kept[max(0, len(kept)-most):], "\n")
}

// silenceProblem tells that Jupyter does not answer though its container runs.
func silenceProblem(c Container, port int, err error) *Problem {
	return &Problem{
		Code:    CodeNoAnswer,
		Short:   "Jupyter does not answer",
		Hint:    fmt.Sprintf("The container runs, but no request with its token was answered at port %d. Its log can tell more; Restart often helps.", port),
		Command: "colab-tray logs --name " + c.Name,
		Err:     err,
	}
}

// unpublishedProblem tells that no port of the container can be reached.
func unpublishedProblem(c Container) *Problem {
	return &Problem{
		Code:  CodeNotPublished,
		Short: "The runtime has no port on this machine",
		Hint: fmt.Sprintf("The container %s was made without publishing Jupyter's port, so nothing can reach it. "+
			"Rename it, and start again: Colab Tray then makes a container of its own.", c.Name),
		Command: fmt.Sprintf("docker rename %s %s-old", c.Name, c.Name),
	}
}

// occupiedProblem tells that a settings file is in the way of ours.
func occupiedProblem(c Container, path string) *Problem {
	return &Problem{
		Code:  CodeOccupied,
		Short: "The container has Jupyter settings of its own",
		Hint: fmt.Sprintf("%s in the container %s is not ours, so it was left alone. Rename the container and start again: "+
			"Colab Tray then makes one of its own.", path, c.Name),
		Command: fmt.Sprintf("docker rename %s %s-old", c.Name, c.Name),
	}
}

// rolledBackProblem tells why a new container was given up for the old one.
func rolledBackProblem(failed string, cause *Problem) *Problem {
	p := &Problem{Code: CodeRolledBack, Short: failed + ", so the runtime is as it was", Hint: sentence(cause.Short), Err: cause}
	if cause.Hint != "" {
		p.Hint += " " + cause.Hint
	}
	return p
}

// notPutBackProblem tells where the old container is, when neither it nor the
// new one could be made to run.
func notPutBackProblem(name string, err error) *Problem {
	return &Problem{
		Code:    CodeEngineFailed,
		Short:   "The old container could not be put back",
		Hint:    fmt.Sprintf("It is still there as %s, and its data are kept. The next start tries again.", name),
		Command: "colab-tray start",
		Err:     err,
	}
}

// handmadeProblem tells that a container is not made anew, because nobody but
// its owner knows what it was made from.
func handmadeProblem(c Container) *Problem {
	return &Problem{
		Code:  CodeHandmade,
		Short: "The container was made by hand, so it is not made anew",
		Hint: fmt.Sprintf("Only who made %s knows all that it was made from. Rename it, and start again: "+
			"Colab Tray then makes a container of its own, with the same data if its volume is %s-data.", c.Name, c.Name),
		Command: fmt.Sprintf("docker rename %s %s-old", c.Name, c.Name),
	}
}

func pausedProblem(c Container) *Problem {
	return &Problem{
		Code:    CodeNoAnswer,
		Short:   "The runtime is paused",
		Hint:    "Somebody paused its container. Let it go on to use it.",
		Command: "docker unpause " + c.Name,
	}
}

func stoppedMeanwhileProblem() *Problem {
	return &Problem{
		Code:  CodeCancelled,
		Short: "The runtime was stopped before it was ready",
		Hint:  "Somebody else stopped it, here or in another program. Start it again when it is wanted.",
	}
}

func startedAgainProblem(c Container) *Problem {
	return &Problem{
		Code:    CodeCancelled,
		Short:   "The runtime was started again meanwhile",
		Hint:    "Somebody else started it, here or in another program.",
		Command: "colab-tray stop --name " + c.Name,
	}
}

// lastError returns the words of the innermost message, which are the engine's.
func lastError(err error) string {
	text := err.Error()
	if _, after, found := strings.Cut(text, "Error response from daemon: "); found {
		return after
	}
	return text
}

// sentence ends a text with a full stop.
func sentence(s string) string {
	s = strings.TrimSpace(s)
	if s == "" || strings.HasSuffix(s, ".") {
		return s
	}
	return s + "."
}

// firstUpper begins a text with a capital letter.
func firstUpper(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(r)) + s[size:]
}
