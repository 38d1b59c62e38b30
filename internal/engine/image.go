package engine

// ImageInfo is what an engine says of an image.
type ImageInfo struct {
	// ID is empty when the image is not there.
	ID string
	// Local tells that the image was made on the engine's machine, so that no
	// registry is known to have it.
	Local bool
	// Config is nil when the engine does not have it.
	Config *ImageConfig
}

// ImageConfig is what an image says of the containers made from it.
type ImageConfig struct {
	User    string // a name or a number, with or without a group
	WorkDir string
	Env     []string
	Volumes []string // where it wants one
	// Entrypoint and Cmd are what they run.
	Entrypoint, Cmd []string
}
