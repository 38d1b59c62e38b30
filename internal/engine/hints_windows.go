package engine

const installGuide = "https://docs.docker.com/desktop/setup/install/windows-install/"

// startCommand starts the engine at a pipe; empty where that is not known.
func startCommand(pipe string) string {
	switch pipe {
	case "//./pipe/docker_engine", "//./pipe/dockerDesktopLinuxEngine":
		return `start "" "%ProgramFiles%\Docker\Docker\Docker Desktop.exe"`
	}
	return ""
}
