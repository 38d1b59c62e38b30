package backup

import (
	"archive/tar"
	"hash/maphash"
	"path"
	"strings"

	"colabtray/internal/i18n"
)

// Staging is a name at the root of a volume that is set aside for restoring: no
// backup holds it.
const Staging = ".colab-tray-restore"

// Limits of names, as Linux has them.
const (
	maxName = 255
	maxPath = 4096
)

// kind is what an entry is.
type kind uint8

const (
	directory kind = iota + 1
	file
	symlink
)

// entries watches over the entries of an archive as they come: each is either
// good, or the archive is refused. It keeps a hash for each, not its name.
type entries struct {
	seed  maphash.Seed
	kinds map[uint64]kind
	count int64
	bytes int64 // of all files
}

func newEntries() *entries { return &entries{seed: maphash.MakeSeed(), kinds: map[uint64]kind{}} }

func (e *entries) of(name string) kind { return e.kinds[maphash.String(e.seed, name)] }

// add takes in the next entry and returns its name, relative to the root, which
// is ".". Parents come before what is in them.
func (e *entries) add(h *tar.Header) (name string, err error) {
	refuse := func(why string) (string, error) {
		return "", &Refused{Why: i18n.T("backup.badEntry", "entry", shown(h.Name), "why", why)}
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
		return refuse(i18n.T("backup.entryThroughLink", "link", shown(parent)))
	case is == file:
		return refuse(i18n.T("backup.entryInFile", "file", shown(parent)))
	default:
		return refuse(i18n.T("backup.entryWithoutParent"))
	}
	if sparse(h) {
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
			return refuse(i18n.T("backup.entryHardLink", "target", shown(h.Linkname)))
		}
		is = file
	case tar.TypeSymlink:
		is = symlink
		switch {
		case h.Linkname == "" || len(h.Linkname) > maxPath || strings.ContainsRune(h.Linkname, 0):
			return refuse(i18n.T("backup.entryLinkToNothing"))
		case escapes(name, h.Linkname):
			return refuse(i18n.T("backup.entryLinkOut", "target", shown(h.Linkname)))
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

// sparse reports whether a file has holes that its archive leaves out.
func sparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse") {
			return true
		}
	}
	return h.Typeflag == tar.TypeGNUSparse
}

// relative returns the path of an entry below the root; good is false when it
// could be anything else.
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

// escapes reports whether a symbolic link leads out of the root. An absolute one
// means a place in the container, as virtual environments have it, and does
// not count: nothing is ever written through it.
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

// shown is a name, shortened, for between the quotes of a sentence.
func shown(name string) string {
	const most = 100
	if len(name) > most {
		name = name[:most] + "..."
	}
	return i18n.Escaped(name)
}

// plain returns the header of an entry with what is kept of it, under that name.
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
