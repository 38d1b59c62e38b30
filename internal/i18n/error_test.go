package i18n

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// TestError has the errors that people meet say themselves in German, and
// nothing of them in English.
func TestError(t *testing.T) {
	t.Cleanup(func() { Use(English) })
	Use("de")
	_, missing := os.ReadFile("/nowhere/x")
	moved := os.Rename("/nowhere/x", "/nowhere/y")
	_, lost := exec.LookPath("no-such-program-anywhere")
	_, refused := net.Dial("tcp", "127.0.0.1:1")
	for _, test := range []struct {
		err  error
		want string
	}{
		{missing, "/nowhere/x: nicht vorhanden"},
		{fmt.Errorf("Datei: %w", missing), "Datei: /nowhere/x: nicht vorhanden"},
		{moved, "/nowhere/y: nicht vorhanden"},
		{lost, "no-such-program-anywhere: das Programm fehlt"},
		{errors.Join(&fs.PathError{Op: "open", Path: "/x", Err: syscall.EACCES}), "/x: keine Berechtigung"},
		{fmt.Errorf("%w und %w", errors.New("dies"), syscall.ENOSPC), "dies und kein Platz mehr"},
		{&fs.PathError{Op: "mkdir", Path: "/x", Err: syscall.EEXIST}, "/x: schon vorhanden"},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.EROFS}, "/x: nur zum Lesen"},
		{&fs.PathError{Op: "read", Path: "/x", Err: syscall.EISDIR}, "/x: ein Ordner"},
		{&fs.PathError{Op: "open", Path: "/x", Err: syscall.ENOTDIR}, "/x: kein Ordner"},
		{context.DeadlineExceeded, "keine Antwort in der üblichen Zeit"},
		{os.ErrDeadlineExceeded, "keine Antwort in der üblichen Zeit"},
		{exec.Command("sh", "-c", "exit 3").Run(), "beendet mit dem Code 3"},
		{errors.New("tiefer liegt nichts"), "tiefer liegt nichts"},
	} {
		if got := Error(test.err); got != test.want {
			t.Errorf("%q is said as %q, not %q", test.err, got, test.want)
		}
	}
	if got := Error(refused); !strings.HasSuffix(got, "dort antwortet nichts") {
		t.Errorf("%q is said as %q", refused, got)
	}
	Use(English)
	if got := Error(missing); got != "/nowhere/x: no such file or directory" {
		t.Errorf("in English: %q", got)
	}
}
