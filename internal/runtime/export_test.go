package runtime

import "testing"

// PublishedImage returns an image in a registry on this machine, and one that the
// registry does not have.
func PublishedImage(t *testing.T) (published, missing string) {
	r := newRegistry(t)
	published, _ = r.pushLayers(t, "published", 1<<20, 2)
	return published, r.address + "/test/missing:1"
}
