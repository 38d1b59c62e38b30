package engine

import (
	"errors"
	"runtime"
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/install"
	"colabtray/internal/problem"
)

// JoinNames joins names for use in a sentence. It names three at most, and counts the
// others.
func JoinNames(names []string) string {
	const most = 3
	switch last := len(names) - 1; {
	case len(names) > most:
		return i18n.T("problem.namesAndMore", "names", strings.Join(names[:most], ", "), "more", len(names)-most)
	case last > 0:
		return i18n.T("problem.namesAnd", "names", strings.Join(names[:last], ", "), "last", names[last])
	default:
		return strings.Join(names, "")
	}
}

// NoLogDriver is the logging driver with which an engine keeps no output. UnreadableLog
// is in Docker's error when another driver keeps output, but does not return it.
const (
	NoLogDriver   = "none"
	UnreadableLog = "logging driver does not support reading"
)

// NoLogProblem tells that the engine keeps no output of the container.
func NoLogProblem(c Container) *problem.Problem {
	return &problem.Problem{
		Code:  problem.NoLog,
		Short: i18n.T("problem.noLog"),
		Hint:  i18n.T("problem.noLogHint", "container", c.Name, "driver", c.LogDriver),
	}
}

// ConnectProblem tells why an engine cannot be used.
func ConnectProblem(e Info, err error) *problem.Problem {
	var p *problem.Problem
	switch {
	case errors.As(err, &p):
		return p
	case errors.Is(err, ErrPermission):
		p := permissionProblem(e, err)
		if install.StartPodman() != nil && !e.ChosenByUser() {
			p.Acts = []problem.Act{{Name: problem.ActUsePodman}, {Name: problem.ActCopyCommand}}
		}
		return p
	case errors.Is(err, ErrTooOld):
		return &problem.Problem{
			Code:  problem.EngineTooOld,
			Short: i18n.T("problem.engineTooOld", "engine", e.Name),
			Hint:  i18n.T("problem.engineTooOldHint"),
			Err:   err,
		}
	case errors.Is(err, ErrSilent):
		return &problem.Problem{
			Code:    problem.Silent,
			Short:   i18n.T("problem.noEngine", "engine", e.Name),
			Hint:    i18n.T("problem.silentHint", "host", e.Host, "engine", e.Name),
			Command: restartCommand(e.Socket()),
			Err:     err,
		}
	default:
		p := &problem.Problem{Code: problem.NoEngine, Short: i18n.T("problem.noEngine", "engine", e.Name), Err: err}
		if isForeignAnswer(err) {
			p.Code, p.Hint = problem.Silent, i18n.T("problem.strangeHint", "host", e.Host, "cause", i18n.FullStop(excerpt(err)))
			return p
		}
		p.Hint, p.Command = absentEngineAdvice(e)
		p.Acts = absentEngineActs(e)
		return p
	}
}

// isForeignAnswer reports whether something answered that does not behave as an engine.
func isForeignAnswer(err error) bool {
	return !errors.Is(err, ErrUnreachable) || errors.Is(err, ErrHangsUp)
}

// absentEngineAdvice tells what to do when nothing answers at the engine's address.
// When the user's settings name an unusual address, the setting may be wrong.
func absentEngineAdvice(e Info) (hint, command string) {
	name, isContext := strings.CutPrefix(e.Found, "context ")
	start := startCommand(e.Socket())
	switch {
	case start != "" || !e.ChosenByUser():
		return i18n.T("problem.noEngineHint", "host", e.Host, "engine", e.Name, "guide", installGuide), start
	case e.Found == FoundInSetting:
		return i18n.T("problem.noEngineSettingHint", "host", e.Host), "colab-tray config edit"
	case isContext:
		return i18n.T("problem.noEngineContextHint", "host", e.Host, "context", name), "docker context ls"
	default:
		return i18n.T("problem.noEngineEnvHint", "host", e.Host, "variable", e.Found), UnsetCommand(e.Found)
	}
}

// UnsetCommand returns the command that takes a variable out of the environment. On
// Windows variables are a setting of the person's, and an empty one is none.
func UnsetCommand(variable string) string { return unsetCommand(runtime.GOOS, variable) }

func unsetCommand(system, variable string) string {
	if system == "windows" {
		return "setx " + variable + ` ""`
	}
	return "unset " + variable
}

// absentEngineActs returns what the program can do when nothing answers at the engine's
// address. Another engine is no help where the user's settings name this one.
func absentEngineActs(e Info) (acts []problem.Act) {
	if e.ChosenByUser() {
		return []problem.Act{{Name: problem.ActCopyCommand}}
	}
	if install.StartDesktop() != nil {
		acts = append(acts, problem.Act{Name: problem.ActStartDesktop})
	}
	if install.StartPodman() != nil && (install.PodmanAddress() != "" || !e.HidesOthers()) {
		acts = append(acts, problem.Act{Name: problem.ActUsePodman})
	}
	// Not both: their labels say the same.
	getOne := problem.Act{Name: problem.ActInstall}
	if install.InstallDesktop() != nil {
		getOne.Name = problem.ActInstallDesktop
	}
	return append(acts, getOne, problem.Act{Name: problem.ActCopyCommand})
}

// OperationProblem tells why an operation on a runtime failed.
func OperationProblem(p config.Profile, e Info, err error) *problem.Problem {
	switch {
	case errors.Is(err, ErrUnreachable), errors.Is(err, ErrPermission), errors.Is(err, ErrTooOld):
		return ConnectProblem(e, err)
	case errors.Is(err, ErrImageNotFound):
		return &problem.Problem{
			Code:    problem.ImageNotFound,
			Short:   i18n.T("problem.imageNotFound", "image", p.Image),
			Hint:    i18n.T("problem.imageNotFoundHint") + pullSays(e, err),
			Command: CommandLine(e.Command, "pull", p.Image),
			Err:     err,
		}
	case errors.Is(err, ErrNetwork):
		return &problem.Problem{
			Code:    problem.PullFailed,
			Short:   i18n.T("problem.pullFailed"),
			Hint:    pullHint(p, e, err) + pullSays(e, err),
			Command: CommandLine(e.Command, "pull", p.Image),
			Err:     err,
		}
	case errors.Is(err, ErrDiskFull):
		return &problem.Problem{
			Code:    problem.DiskFull,
			Short:   i18n.T("problem.diskFull", "engine", e.Name),
			Hint:    i18n.T("problem.diskFullHint", "engine", e.Name),
			Command: CommandLine(e.Command, "system", "df"),
			Err:     err,
		}
	case errors.Is(err, ErrPlatform):
		return PlatformProblem(p, err)
	case errors.Is(err, ErrLacks):
		return &problem.Problem{
			Code:  problem.NotOffered,
			Short: i18n.T("problem.notOffered", "engine", e.Name),
			Hint:  i18n.T("problem.notOfferedHint", "host", e.Host),
			Err:   err,
		}
	case errors.Is(err, ErrNoFolder):
		return &problem.Problem{
			Code:    problem.FolderMissing,
			Short:   i18n.T("problem.folderMissing"),
			Hint:    i18n.T("problem.folderMissingHint", "engine", e.Name, "said", i18n.FullStop(engineMessage(err)), "profile", p.Name),
			Command: "colab-tray config edit",
			Err:     err,
		}
	case errors.Is(err, ErrFolderDenied):
		_, folder, _ := strings.Cut(err.Error(), ErrFolderDenied.Error()+": ")
		return &problem.Problem{
			Code:    problem.FolderDenied,
			Short:   i18n.T("problem.folderUnreadable", "folder", folder, "machine", e.Machine),
			Hint:    i18n.T("problem.folderUnreadableHint", "engine", e.Name, "profile", p.Name),
			Command: e.CommandThere("ls -ld " + config.ShellWord(folder)),
			Err:     err,
		}
	default:
		return &problem.Problem{
			Code:  problem.EngineFailed,
			Short: i18n.T("problem.engineFailed", "engine", e.Name),
			Hint:  i18n.FullStop(ErrorText(err)),
			Err:   err,
		}
	}
}

// WithoutWarning tells which settings the engine left out when it made the container,
// and quotes the engine's own warnings. It returns nil when there is nothing to tell.
func WithoutWarning(s Spec, c Container, e Info) *problem.Problem {
	keys, message := s.Without(c), strings.Join(c.Effective.CreateWarnings, " ")
	switch {
	case len(keys) > 0:
		hint := i18n.T("problem.withoutHint", "engine", e.Name)
		if message != "" {
			hint += " " + i18n.T("problem.engineSaid", "engine", e.Name, "words", i18n.FullStop(message))
		}
		if limits := slices.Contains(keys, "memory") || slices.Contains(keys, "cpus"); limits && e.Name == "Podman" {
			hint += " " + i18n.T("problem.withoutLimitsPodman")
		}
		return &problem.Problem{
			Code:    problem.Without,
			Short:   i18n.T("problem.without", "keys", strings.Join(keys, ", ")),
			Hint:    hint,
			Command: CommandLine(e.Command, "info"),
		}
	case message != "":
		return &problem.Problem{
			Code:  problem.EngineWarned,
			Short: i18n.T("problem.engineWarned", "engine", e.Name),
			Hint:  i18n.T("problem.engineSaid", "engine", e.Name, "words", i18n.FullStop(message)),
		}
	}
	return nil
}

// NoContainerProblem tells that the runtime has no container yet.
func NoContainerProblem(p config.Profile, hint string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.NoContainer,
		Short:   i18n.T("problem.noContainer", "runtime", p.Runtime),
		Hint:    hint,
		Command: p.CommandLine("start"),
	}
}

// pullHint tells why a registry could not be reached.
func pullHint(p config.Profile, e Info, err error) string {
	host, _, _ := strings.Cut(p.Image, "/")
	switch text := strings.ToLower(err.Error()); {
	case strings.Contains(text, "x509") && runtime.GOOS != "linux":
		return i18n.T("problem.pullCertificateDesktopHint", "image", p.Image, "engine", e.Name)
	case strings.Contains(text, "x509"):
		return i18n.T("problem.pullCertificateHint", "image", p.Image, "engine", e.Name, "registry", host)
	case IsPage(text):
		return i18n.T("problem.pullPageHint", "image", p.Image, "engine", e.Name)
	}
	return i18n.T("problem.pullFailedHint", "image", p.Image)
}

// pullSays quotes the engine's own message about a failed pull.
func pullSays(e Info, err error) string {
	return " " + i18n.FullStop(i18n.T("problem.engineSaysSo", "engine", e.Name, "said", excerpt(err)))
}

// excerpt returns the engine's message in one line, at most 400 characters long: the
// message can contain a whole web page.
func excerpt(err error) string {
	const most = 400
	message := i18n.Line(strings.Join(strings.Fields(engineMessage(err)), " "))
	if runes := []rune(message); len(runes) > most {
		message = string(runes[:most]) + "…"
	}
	return message
}

// PlatformProblem tells that the image does not run on the engine's architecture.
func PlatformProblem(p config.Profile, err error) *problem.Problem {
	hint := i18n.T("problem.platformHint", "image", p.Image)
	if p.Kind == config.KindColab {
		hint = i18n.T("problem.platformColabHint")
	}
	return &problem.Problem{Code: problem.UnsupportedPlatform, Short: i18n.T("problem.platform"), Hint: hint, Err: err}
}

// CommandLine returns a command line with arguments of the docker command; empty when
// the engine has no command that knows them.
func CommandLine(cli string, args ...string) string {
	if cli == "" {
		return ""
	}
	for _, a := range args {
		cli += " " + config.ShellWord(a)
	}
	return cli
}

// RenameCommand returns the command that renames a container, to free its name.
func RenameCommand(c Container, cli string) string {
	return CommandLine(cli, "rename", c.Name, c.Name+"-old")
}

// HandmadeProblem tells that a container was made by hand. The program does not replace
// it, because only its owner knows what it was made from.
func HandmadeProblem(c Container, cli string) *problem.Problem {
	return &problem.Problem{
		Code:    problem.Handmade,
		Short:   i18n.T("problem.handmade"),
		Hint:    i18n.T("problem.handmadeHint", "container", c.Name, "volume", c.Name+"-data"),
		Command: RenameCommand(c, cli),
	}
}

// ErrorText returns the innermost message of an error. A message of the engine is
// marked as the engine's.
func ErrorText(err error) string {
	text := engineMessage(err)
	if text != err.Error() {
		return i18n.T("problem.engineSays", "said", text)
	}
	return i18n.Line(i18n.Error(err))
}

// DaemonPrefix is what the Docker client puts in front of an engine's message.
const DaemonPrefix = "Error response from daemon: "

// engineMessage returns the engine's own message in an error, or else the text of the
// error without the prefix that this package added.
func engineMessage(err error) string {
	text := err.Error()
	if _, after, found := strings.Cut(text, DaemonPrefix); found {
		return after
	}
	for _, ours := range []error{ErrNetwork, ErrImageNotFound, ErrPlatform} {
		text = strings.TrimPrefix(text, ours.Error()+": ")
	}
	return text
}

// IsPage reports whether a text, in lower case, shows that a web page came where a
// registry's API should have answered, as happens behind a captive portal.
func IsPage(text string) bool {
	return strings.Contains(text, "<html") || strings.Contains(text, "<!doctype") || strings.Contains(text, "invalid character '<'") ||
		strings.Contains(text, "text/html")
}
