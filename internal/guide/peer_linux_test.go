package guide

import (
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"colabtray/test/bed"
)

// TestOtherPeople has another person of the machine try an address that they
// saw on the browser's command line, before the browser does.
func TestOtherPeople(t *testing.T) {
	bed.Need(t, "root, to be somebody else", os.Getuid() == 0)
	bed.NeedCommand(t, "bash")
	r := withoutEngine(t, 0)
	url, origin := r.address()
	host := strings.TrimPrefix(origin, "http://")
	_, port, _ := strings.Cut(host, ":")
	try := func(uid uint32) string {
		cmd := exec.CommandContext(t.Context(), "bash", "-c",
			`exec 3<>/dev/tcp/127.0.0.1/`+port+`; printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$1" "$2" >&3; cat <&3`,
			"bash", strings.TrimPrefix(url, origin), host)
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uid, Gid: uid}}
		out, _ := cmd.Output()
		return string(out)
	}
	if got := try(65534); got != "" {
		t.Errorf("somebody else was answered %q", got)
	}
	if response, _ := newVisitor(t).ask("GET", url); response.StatusCode != http.StatusOK {
		t.Errorf("after somebody else tried it, the key is answered with %s", response.Status)
	}
	if again, _ := r.address(); again == url {
		t.Error("a key is given twice")
	} else if url = again; !strings.Contains(try(0), "200 OK") {
		t.Error("root is not let in, who a port of another machine can come from")
	}
}
