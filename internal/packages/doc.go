// Package packages owns what is known of the Python packages that were installed in a
// container by hand: which lie in the container's own layer, so that a new container
// would lose them, and which lie in the data volume.
//
// It reads the metadata that installers leave behind (*.dist-info, conda-meta). All of
// it is written by programs in the container and may be hostile: it is bounded, and
// names and versions are validated. The package changes nothing, and does not own the
// setting that keeps packages (package config).
package packages
