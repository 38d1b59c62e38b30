package docker

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// mayWrite reports whether a user may make files in a directory. What cannot be told
// counts as allowed.
func mayWrite(dir string, uid, gid int) bool {
	var s unix.Stat_t
	if unix.Stat(dir, &s) != nil {
		return true
	}
	const write = 0o3 // and to go into it
	switch {
	case int(s.Uid) == uid:
		return s.Mode>>6&write == write
	case int(s.Gid) == gid && s.Mode>>3&write == write, s.Mode&write == write:
		return true
	}
	acl := make([]byte, 4096)
	size, err := unix.Getxattr(dir, "system.posix_acl_access", acl)
	return err == nil && aclAllows(acl[:size], uint32(uid), uint32(gid))
}

// aclAllows reports whether an access control list names the user or the group and lets
// them write (https://man7.org/linux/man-pages/man5/acl.5.html; the form is that of
// linux/posix_acl_xattr.h).
func aclAllows(acl []byte, uid, gid uint32) bool {
	const (
		header, entry        = 4, 8
		user, group          = 0x02, 0x08
		mask                 = 0x10
		permission           = 0o3
		unlimited     uint16 = 0o7
	)
	named, limit := uint16(0), unlimited
	for at := header; at+entry <= len(acl); at += entry {
		tag, allowed := binary.LittleEndian.Uint16(acl[at:]), binary.LittleEndian.Uint16(acl[at+2:])
		id := binary.LittleEndian.Uint32(acl[at+4:])
		switch {
		case tag == mask:
			limit = allowed
		case tag == user && id == uid, tag == group && id == gid:
			named |= allowed
		}
	}
	return named&limit&permission == permission
}
