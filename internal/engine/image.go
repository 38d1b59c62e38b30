package engine

import "time"

// ImageInfo is what an engine tells of an image.
type ImageInfo struct {
	// ID is empty when the engine does not have the image.
	ID string
	// Local tells that the image was built on the engine's machine, so that no registry
	// is known to have it.
	Local bool
	// Digests are the digests by which registries have the image, such as "sha256:...".
	Digests []string
	// Made is when the image was made, by its own account; zero when it does not say.
	Made time.Time
	// Size is the size of its layers in bytes.
	Size int64
	// Config is nil when the engine does not have the image.
	Config *ImageConfig
}

// ImageConfig is what an image sets for the containers made from it.
type ImageConfig struct {
	User    string // a name or a number, with or without a group
	WorkDir string
	Env     []string
	Volumes []string // the directories at which it declares volumes
	// Entrypoint and Cmd are the command line of its containers.
	Entrypoint, Cmd []string
}
