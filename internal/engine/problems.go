package engine

import (
	"errors"
	"fmt"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/problem"
	"colabtray/internal/words"
)

// Listed joins names for a sentence.
func Listed(names []string) string {
	const most = 3
	switch last := len(names) - 1; {
	case len(names) > most:
		return words.Say("problem.namesAndMore", "names", strings.Join(names[:most], ", "), "more", len(names)-most)
	case last > 0:
		return words.Say("problem.namesAnd", "names", strings.Join(names[:last], ", "), "last", names[last])
	default:
		return strings.Join(names, "")
	}
}

// An engine keeps no output with the logging driver of that name, and with some
// others gives none back; Docker has these words for it.
const (
	NoLogDriver   = "none"
	UnreadableLog = "logging driver does not support reading"
)

// NoLogProblem tells that the engine keeps no output of the container.
func NoLogProblem(c Container) *problem.Problem {
	return &problem.Problem{
		Code:  problem.CodeNoLog,
		Short: words.Say("problem.noLog"),
		Hint:  words.Say("problem.noLogHint", "container", c.Name, "driver", c.LogDriver),
	}
}

// EngineProblem tells why an engine does not answer.
func EngineProblem(e EngineInfo, err error) *problem.Problem {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, ErrPermission):
		return permissionProblem(e, err)
	case errors.Is(err, ErrTooOld):
		return &problem.Problem{
			Code:  problem.CodeEngineTooOld,
			Short: words.Say("problem.engineTooOld", "engine", e.Name),
			Hint:  words.Say("problem.engineTooOldHint"),
			Err:   err,
		}
	case errors.Is(err, ErrSilent):
		return &problem.Problem{
			Code:    problem.CodeSilent,
			Short:   words.Say("problem.noEngine", "engine", e.Name),
			Hint:    words.Say("problem.silentHint", "host", e.Host, "engine", e.Name),
			Command: restartCommand(e.Socket()),
			Err:     err,
		}
	default:
		p := &problem.Problem{Code: problem.CodeNoEngine, Short: words.Say("problem.noEngine", "engine", e.Name), Err: err}
		if strange(err) {
			p.Code, p.Hint = problem.CodeSilent, words.Say("problem.strangeHint", "host", e.Host, "cause", words.FullStop(excerpt(err)))
			return p
		}
		p.Hint, p.Command = absence(e)
		return p
	}
}

// strange reports whether somebody answered, though not as an engine does.
func strange(err error) bool {
	return !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrHangsUp)
}

// absence tells what to do where nothing answers. Who says where the engine is
// can be wrong, unless that is a place where one usually is.
func absence(e EngineInfo) (hint, command string) {
	name, isContext := strings.CutPrefix(e.Found, "context ")
	start := startCommand(e.Socket())
	switch {
	case start != "" || !e.Chosen():
		return words.Say("problem.noEngineHint", "host", e.Host, "engine", e.Name, "guide", installGuide), start
	case isContext:
		return words.Say("problem.noEngineContextHint", "host", e.Host, "context", name), "docker context ls"
	default:
		return words.Say("problem.noEngineEnvHint", "host", e.Host, "variable", e.Found), "unset " + e.Found
	}
}

// OperationProblem tells why an operation on a runtime failed.
func OperationProblem(p config.Profile, which EngineInfo, err error) *problem.Problem {
	switch {
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrPermission), errors.Is(err, ErrTooOld):
		return EngineProblem(which, err)
	case errors.Is(err, ErrImageNotFound):
		return &problem.Problem{
			Code:    problem.CodeImageNotFound,
			Short:   words.Say("problem.imageNotFound", "image", p.Image),
			Hint:    words.Say("problem.imageNotFoundHint") + pullSays(which, err),
			Command: which.Command + " pull " + config.ShellWord(p.Image),
			Err:     err,
		}
	case errors.Is(err, ErrNetwork):
		return &problem.Problem{
			Code:    problem.CodePullFailed,
			Short:   words.Say("problem.pullFailed"),
			Hint:    pullHint(p, which, err) + pullSays(which, err),
			Command: which.Command + " pull " + config.ShellWord(p.Image),
			Err:     err,
		}
	case errors.Is(err, ErrDiskFull):
		return &problem.Problem{
			Code:    problem.CodeDiskFull,
			Short:   words.Say("problem.diskFull", "engine", which.Name),
			Hint:    words.Say("problem.diskFullHint", "engine", which.Name),
			Command: which.Command + " system df",
			Err:     err,
		}
	case errors.Is(err, ErrPlatform):
		return PlatformProblem(p, err)
	case errors.Is(err, ErrLacks):
		return &problem.Problem{
			Code:  problem.CodeNotOffered,
			Short: words.Say("problem.notOffered", "engine", which.Name),
			Hint:  words.Say("problem.notOfferedHint", "host", which.Host),
			Err:   err,
		}
	case errors.Is(err, ErrNoFolder):
		return &problem.Problem{
			Code:    problem.CodeFolderMissing,
			Short:   words.Say("problem.folderMissing"),
			Hint:    words.Say("problem.folderMissingHint", "engine", which.Name, "said", words.FullStop(engineWords(err)), "profile", p.Name),
			Command: "colab-tray config edit",
			Err:     err,
		}
	default:
		return &problem.Problem{
			Code:  problem.CodeEngineFailed,
			Short: words.Say("problem.engineFailed", "engine", which.Name),
			Hint:  words.FullStop(LastError(err)),
			Err:   err,
		}
	}
}

// NoContainerProblem tells that there is nothing to do it to yet.
func NoContainerProblem(p config.Profile, hint string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeNoContainer,
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
	case IsPage(text):
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

// PlatformProblem tells that the image does not run on this kind of machine.
func PlatformProblem(p config.Profile, err error) *problem.Problem {
	hint := words.Say("problem.platformHint", "image", p.Image)
	if p.Kind == config.KindColab {
		hint = words.Say("problem.platformColabHint")
	}
	return &problem.Problem{Code: problem.CodeUnsupportedPlatform, Short: words.Say("problem.platform"), Hint: hint, Err: err}
}

// SetAside is the command that gives a container another name.
func SetAside(c Container, cli string) string {
	return fmt.Sprintf("%s rename %s %s", cli, config.ShellWord(c.Name), config.ShellWord(c.Name+"-old"))
}

// HandmadeProblem tells that a container is not made anew, because nobody but
// its owner knows what it was made from.
func HandmadeProblem(c Container, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.CodeHandmade,
		Short:   words.Say("problem.handmade"),
		Hint:    words.Say("problem.handmadeHint", "container", c.Name, "volume", c.Name+"-data"),
		Command: SetAside(c, cli),
	}
}

// LastError returns the words of the innermost message; those of the engine are
// said to be its own.
func LastError(err error) string {
	text := engineWords(err)
	if text != err.Error() {
		return words.Say("problem.engineSays", "said", text)
	}
	return words.Line(words.Error(err))
}

// FromEngine is what the docker client puts before the words of an engine.
const FromEngine = "Error response from daemon: "

// engineWords returns the engine's own words where an error has some.
func engineWords(err error) string {
	text := err.Error()
	if _, after, found := strings.Cut(text, FromEngine); found {
		return after
	}
	for _, ours := range []error{ErrNetwork, ErrImageNotFound, ErrPlatform} {
		text = strings.TrimPrefix(text, ours.Error()+": ")
	}
	return text
}

// RootPodman is the socket at which the Podman of root listens on Linux. Everybody
// else has another one.
const RootPodman = "/run/podman/podman.sock"

// IsPage reports whether something that should speak a registry's language
// answered with a web page, as what leads people to a sign-in page does. The text
// is in lower case.
func IsPage(text string) bool {
	return strings.Contains(text, "<html") || strings.Contains(text, "<!doctype") || strings.Contains(text, "invalid character '<'") ||
		strings.Contains(text, "text/html")
}
