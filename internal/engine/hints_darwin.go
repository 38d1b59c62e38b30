package engine

import "strings"

const installGuide = "https://docs.docker.com/desktop/setup/install/mac-install/"

// startCommand returns the command that starts the engine at a socket; empty when the
// socket is not a usual one.
func startCommand(socket string) string {
	if socket == "/var/run/docker.sock" || strings.HasSuffix(socket, "/.docker/run/docker.sock") {
		return "open -a Docker"
	}
	return ""
}
