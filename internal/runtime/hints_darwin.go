package runtime

const (
	engineHint    = "Start Docker Desktop, or install it if it is not there yet: https://docs.docker.com/desktop/setup/install/mac-install/"
	engineCommand = "open -a Docker"
)
