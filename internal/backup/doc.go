// Package backup owns the format of backups: how the content of a data volume
// is written to a file, and what a file must be like to be put into a volume
// again. It is pure: it knows no engine and no place where files are kept.
//
// A backup is a tar archive, compressed with zstd, and after it a frame that
// zstd skips: the trailer. So the usual programs can read it too:
//
//	zstd -dc FILE | tar t
//
// The trailer is JSON and says how long the archive is, how many entries and
// which SHA-256 it has, whose data they are and of when. Its length and eight
// letters end the file, so that one that was cut off is noticed at once.
//
// A file is not trusted: it is read as a whole and refused as a whole, when any
// of it could do more than put directories, files and links below one root.
package backup

import "time"

// Contents tell what a backup holds.
type Contents struct {
	// Runtime is the name of the runtime whose data they are.
	Runtime string
	// Made is when the backup was begun.
	Made time.Time
	// Entries counts files, directories and links.
	Entries int64
	// Bytes is the length of the archive, not compressed.
	Bytes int64
	// Size is the length of the file, compressed.
	Size int64

	sum string // SHA-256 of the archive, in hex
}

// RequiredSpace returns how many bytes the content takes on a disk at most, where a file
// takes whole blocks. It is true of what was checked.
func (c Contents) RequiredSpace() int64 { return c.Bytes + c.Entries*4096 }

// Refused is why a file is not a backup that may be restored.
type Refused struct {
	// Why is a sentence.
	Why string
	// Large tells that it is refused for its size alone.
	Large bool
}

// Error implements error.
func (r *Refused) Error() string { return r.Why }
