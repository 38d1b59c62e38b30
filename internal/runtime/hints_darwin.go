package runtime

import "strings"

const installGuide = "https://docs.docker.com/desktop/setup/install/mac-install/"

// startCommand starts the engine at an address; empty where that is not known.
func startCommand(host string) string {
	if host == "unix:///var/run/docker.sock" || strings.HasSuffix(host, "/.docker/run/docker.sock") {
		return "open -a Docker"
	}
	return ""
}
