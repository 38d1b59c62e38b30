package docker

import (
	"os"
	"testing"

	"golang.org/x/sys/unix"

	"colabtray/internal/engine"
)

// TestMayWrite: the owner, the group, others, and whom an access control list names.
func TestMayWrite(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("it needs the rights of root")
	}
	dir := t.TempDir()
	try := func(mode os.FileMode, uid, gid int, want bool) {
		t.Helper()
		if err := os.Chown(dir, 1001, 1002); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(dir, mode); err != nil {
			t.Fatal(err)
		}
		if got := mayWrite(dir, uid, gid); got != want {
			t.Errorf("%o: %d:%d may write: %v", mode, uid, gid, got)
		}
	}
	try(0o755, 1001, 100, true)
	try(0o555, 1001, 100, false)
	try(0o755, 1000, 1002, false)
	try(0o775, 1000, 1002, true)
	try(0o775, 1000, 100, false)
	try(0o777, 1000, 100, true)
	if !mayWrite(dir+"/none", 1000, 100) {
		t.Error("of what is not there it is told")
	}
	// user::rwx user:1000:rwx group::r-x mask::rwx other::r-x
	list := []byte{
		2, 0, 0, 0,
		1, 0, 7, 0, 255, 255, 255, 255,
		2, 0, 7, 0, 232, 3, 0, 0,
		4, 0, 5, 0, 255, 255, 255, 255,
		16, 0, 7, 0, 255, 255, 255, 255,
		32, 0, 5, 0, 255, 255, 255, 255,
	}
	if !aclAllows(list, 1000, 100) || aclAllows(list, 1003, 100) || aclAllows(list[:12], 1000, 100) {
		t.Error("the list is misread")
	}
	list[4+3*8+2] = 5 // the mask
	if aclAllows(list, 1000, 100) {
		t.Error("the mask is not heeded")
	}
	list[4+3*8+2] = 7
	try(0o755, 1000, 100, false)
	if err := unix.Setxattr(dir, "system.posix_acl_access", list, 0); err != nil {
		t.Skip("this file system has no access control lists: ", err)
	}
	if !mayWrite(dir, 1000, 100) {
		t.Error("the list is not read")
	}
}

func TestHandsOver(t *testing.T) {
	env := []string{"NB_USER=jovyan", "NB_UID=1000"}
	for _, c := range []struct {
		env, entrypoint []string
		want            bool
	}{
		{env, []string{"tini", "-g", "--", "start.sh"}, true},
		{env, []string{"tini", "-g", "--", "/usr/local/bin/start.sh"}, true},
		{env, []string{"tini", "-g", "--"}, false},
		{nil, []string{"tini", "-g", "--", "start.sh"}, false},
	} {
		if got := handsOver(engine.ImageConfig{Env: c.env, Entrypoint: c.entrypoint}); got != c.want {
			t.Errorf("%q: %v", c.entrypoint, got)
		}
	}
}
