// Package data owns the work on the data volume of one runtime: its backup, restore
// and deletion, and the rescue of files that would go away with a container. It works
// through helper containers, and leaves the volume whole whenever it is cut off.
//
// It does not own the format of backups (package backup), nor when a runtime stops and
// starts: it asks its owner for that.
package data
