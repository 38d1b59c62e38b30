package engine

import (
	"colabtray/internal/config"
	"colabtray/internal/install"
)

const installGuide = "https://docs.docker.com/desktop/setup/install/windows-install/"

// startCommand returns the command, of cmd and PowerShell, that starts the engine at a pipe;
// empty when the pipe is not a usual one, or when its engine is not installed.
func startCommand(pipe string) string {
	switch pipe {
	case "//./pipe/docker_engine", "//./pipe/dockerDesktopLinuxEngine":
		if program := install.StartDesktop(); program != nil {
			return "explorer " + config.ShellWord(program[0])
		}
	}
	return ""
}
