package engine

const installGuide = "https://docs.docker.com/desktop/setup/install/windows-install/"

// startCommand returns the command that starts the engine at a pipe; empty when the
// pipe is not a usual one.
func startCommand(pipe string) string {
	switch pipe {
	case "//./pipe/docker_engine", "//./pipe/dockerDesktopLinuxEngine":
		return `start "" "%ProgramFiles%\Docker\Docker\Docker Desktop.exe"`
	}
	return ""
}
