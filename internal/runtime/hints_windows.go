package runtime

const installGuide = "https://docs.docker.com/desktop/setup/install/windows-install/"

// startCommand starts the engine at an address; empty where that is not known.
func startCommand(host string) string {
	switch host {
	case "npipe:////./pipe/docker_engine", "npipe:////./pipe/dockerDesktopLinuxEngine":
		return `start "" "%ProgramFiles%\Docker\Docker\Docker Desktop.exe"`
	}
	return ""
}
