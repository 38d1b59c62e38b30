package engine

import "strings"

const installGuide = "https://docs.docker.com/desktop/setup/install/mac-install/"

// startCommand starts the engine at a socket; empty where that is not known.
func startCommand(socket string) string {
	if socket == "/var/run/docker.sock" || strings.HasSuffix(socket, "/.docker/run/docker.sock") {
		return "open -a Docker"
	}
	return ""
}
