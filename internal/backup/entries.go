package backup

import (
	"archive/tar"
	"hash/maphash"
	"path"
	"strings"

	"colabtray/internal/i18n"
)

// Staging is the directory at the root of a volume that a restore unpacks into. No
// backup contains it.
const Staging = ".colab-tray-restore"

// Linux's limits of file names and paths, in bytes (limits.h: NAME_MAX, PATH_MAX).
const (
	maxName = 255
	maxPath = 4096
)

// kind is the kind of an entry.
type kind uint8

const (
	directory kind = iota + 1
	file
	symlink
)

// entries checks the entries of an archive one after the other. It keeps a hash of
// each name instead of the name, to save memory.
type entries struct {
	seed  maphash.Seed
	kinds map[uint64]kind
	count int64
	bytes int64 // total size of the files
}

func newEntries() *entries { return &entries{seed: maphash.MakeSeed(), kinds: map[uint64]kind{}} }

func (e *entries) of(name string) kind { return e.kinds[maphash.String(e.seed, name)] }

// add checks the next entry and returns its name relative to the root, which is ".". It
// returns a *[Refused] for an invalid entry. A directory must come before its
// content.
func (e *entries) add(h *tar.Header) (name string, err error) {
	refuse := func(why string) (string, error) {
		return "", &Refused{Why: i18n.T("backup.badEntry", "entry", displayName(h.Name), "why", why)}
	}
	name, good := relative(h.Name)
	if !good {
		return refuse(i18n.T("backup.entryOutside"))
	}
	if name == Staging || strings.HasPrefix(name, Staging+"/") {
		return refuse(i18n.T("backup.entrySetAside"))
	}
	if e.of(name) != 0 {
		return refuse(i18n.T("backup.entryTwice"))
	}
	parent := path.Dir(name)
	switch is := e.of(parent); {
	case name == "." && e.count == 0, is == directory:
	case is == symlink:
		return refuse(i18n.T("backup.entryThroughLink", "link", displayName(parent)))
	case is == file:
		return refuse(i18n.T("backup.entryInFile", "file", displayName(parent)))
	default:
		return refuse(i18n.T("backup.entryWithoutParent"))
	}
	if IsSparse(h) {
		return refuse(i18n.T("backup.entrySparse"))
	}
	if h.Size < 0 || h.Typeflag != tar.TypeReg && h.Size != 0 {
		return refuse(i18n.T("backup.entrySize"))
	}
	if h.Uid < 0 || h.Gid < 0 {
		return refuse(i18n.T("backup.entryOwner"))
	}
	var is kind
	switch h.Typeflag {
	case tar.TypeDir:
		is = directory
	case tar.TypeReg:
		is = file
		e.bytes += h.Size
	case tar.TypeLink:
		target, good := relative(h.Linkname)
		if !good || e.of(target) != file {
			return refuse(i18n.T("backup.entryHardLink", "target", displayName(h.Linkname)))
		}
		is = file
	case tar.TypeSymlink:
		is = symlink
		switch {
		case h.Linkname == "" || len(h.Linkname) > maxPath || strings.ContainsRune(h.Linkname, 0):
			return refuse(i18n.T("backup.entryLinkToNothing"))
		case escapes(name, h.Linkname):
			return refuse(i18n.T("backup.entryLinkOut", "target", displayName(h.Linkname)))
		}
	case tar.TypeChar, tar.TypeBlock:
		return refuse(i18n.T("backup.entryDevice"))
	case tar.TypeFifo:
		return refuse(i18n.T("backup.entryPipe"))
	default:
		return refuse(i18n.T("backup.entryUnknown"))
	}
	if name == "." && is != directory {
		return refuse(i18n.T("backup.entryAsRoot"))
	}
	e.kinds[maphash.String(e.seed, name)] = is
	e.count++
	return name, nil
}

// IsSparse reports whether a file has holes that the archive does not contain.
func IsSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}

// relative returns the path of an entry relative to the root. It returns false for a
// path that is invalid or could lead out of the root.
func relative(name string) (_ string, good bool) {
	name = strings.TrimSuffix(name, "/")
	if name == "." {
		return name, true
	}
	name = strings.TrimPrefix(name, "./")
	if len(name) > maxPath || strings.ContainsRune(name, 0) {
		return "", false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." || len(part) > maxName {
			return "", false
		}
	}
	return name, true
}

// escapes reports whether a relative symbolic link leads out of the root. It returns
// false for an absolute link, which means a path in the container; virtual
// environments contain such links. No entry is ever written through a link.
func escapes(name, target string) bool {
	if path.IsAbs(target) {
		return false
	}
	depth := strings.Count(name, "/")
	for part := range strings.SplitSeq(target, "/") {
		switch part {
		case "", ".":
		case "..":
			depth--
		default:
			depth++
		}
		if depth < 0 {
			return true
		}
	}
	return false
}

// displayName returns a name for an error message, cut at 100 bytes.
func displayName(name string) string {
	const most = 100
	if len(name) > most {
		name = name[:most] + "..."
	}
	return i18n.Escaped(name)
}

// plain returns the header of an entry under the given name, with only the attributes
// that a backup keeps.
func plain(h *tar.Header, name string) *tar.Header {
	kept := &tar.Header{
		Typeflag: h.Typeflag, Name: name, Linkname: h.Linkname, Size: h.Size, Mode: h.Mode & 0o7777,
		Uid: h.Uid, Gid: h.Gid, ModTime: h.ModTime, Format: tar.FormatPAX,
	}
	if h.Typeflag == tar.TypeDir {
		kept.Name += "/"
	}
	const capability = "SCHILY.xattr.security.capability"
	if value, is := h.PAXRecords[capability]; is && h.Typeflag == tar.TypeReg {
		kept.PAXRecords = map[string]string{capability: value}
	}
	return kept
}
