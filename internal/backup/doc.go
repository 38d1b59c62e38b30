// Package backup owns the format of backups: how it writes the content of a data
// volume to a file, and which files may be restored. It is pure: it knows no engine
// and no directory of backups.
//
// A backup is a tar archive compressed with zstd, followed by the trailer, which is
// a frame that zstd skips. Common programs can read a backup:
//
//	zstd -dc FILE | tar t
//
// The trailer is JSON. It has the archive's length, number of entries and SHA-256,
// the name of the runtime and the time of the backup. The file ends with the
// trailer's length and eight letters, so that a truncated file is detected at once.
//
// A file is not trusted. It is read completely before it is restored, and refused if
// any entry could do more than create directories, files and links below one root.
package backup

import "time"

// Contents describes the content of a backup.
type Contents struct {
	// Runtime is the name of the runtime whose data it is.
	Runtime string
	// Made is when the backup began.
	Made time.Time
	// Entries is the number of files, directories and links.
	Entries int64
	// Bytes is the length of the uncompressed archive, in bytes.
	Bytes int64
	// Size is the length of the backup file, in bytes.
	Size int64

	sum string // SHA-256 of the archive, in hex
}

// RequiredSpace returns an upper bound of the disk space that the content needs, in
// bytes, for blocks of 4096 bytes. It holds for contents that [Check] returned.
func (c Contents) RequiredSpace() int64 { return c.Bytes + c.Entries*4096 }

// Refused is the error that a file is not a backup that may be restored.
type Refused struct {
	// Why is the reason, a sentence.
	Why string
	// Large tells that only its size is the reason: see [CheckOptions].
	Large bool
}

// Error returns the reason.
func (r *Refused) Error() string { return r.Why }
