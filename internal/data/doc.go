// Package data owns the work on the data volume of one runtime: backup, restore,
// deletion, and the rescue of files that would be lost with a container. The package
// works through helper containers, and leaves the volume consistent whenever it is
// interrupted.
//
// The package does not own the format of backups (package backup), nor does it stop and
// start a runtime: it asks an [Owner] for that.
package data
