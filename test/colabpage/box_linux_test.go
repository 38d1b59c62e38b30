package colabpage

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/browser"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// TestBox has Colab's page, in a browser, connect to a runtime on another machine that is
// reached over ssh. When ssh ends, the next cell runs in the same kernel, and neither the
// page nor the person does more about it than to open the WebSocket again.
func TestBox(t *testing.T) {
	box := testenv.SSHD(t)
	t.Setenv("PATH", filepath.Dir(box.Program())+string(os.PathListSeparator)+os.Getenv("PATH"))
	t.Setenv("XDG_RUNTIME_DIR", t.TempDir())
	other := testenv.FreePort(t)
	s, manager := startAs(t, testenv.Server2, func(p *config.Profile) {
		p.Engine = box.Address() + strings.TrimPrefix(p.Engine, "unix://")
		p.Ports = []config.PublishedPort{{Host: other, Container: 6006}}
	})
	before, err := manager.Container(t.Context())
	if now := manager.Snapshot(); err != nil || !now.Listens || before.Ports[now.InnerPort] == s.port || now.Engine.Elsewhere() != box.Name {
		t.Fatalf("the page would not go through the tunnel: %+v, ports %v (%v)", now, before.Ports, err)
	}
	p := openPage(t, colabOrigin, browser.PermissionSettingGranted, s)
	p.connects(t, s, s.base())

	p.prints(t, s.name, p.evaluate("begin", s.base(), s.token, "import socket; here = socket.gethostname(); print(here)"))
	// What the last cell serves at another port of the profile is here, too. http.server's own
	// server asks for its name, which takes minutes without a name server.
	const serve = `import http.server, socketserver, threading
server = socketserver.ThreadingTCPServer(("", 6006), http.server.SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
print(here)`
	for _, code := range []string{"print(here)", serve} {
		box.Kill(t)
		p.prints(t, s.name, p.evaluate("resume", code))
	}
	if answer, err := http.Get(fmt.Sprintf("http://localhost:%d/", other)); err != nil {
		t.Error(err)
	} else if _ = answer.Body.Close(); answer.StatusCode != http.StatusOK {
		t.Errorf("the other port answers %s", answer.Status)
	}
	after, err := manager.Container(t.Context())
	if now := manager.Snapshot(); now.State != runtime.Ready || err != nil || after.ID != before.ID || !after.StartedAt.Equal(before.StartedAt) {
		t.Errorf("it is %s; the container was %+v, and is %+v (%v)", now.State, before, after, err)
	}
}

// prints fails the test unless a cell printed that.
func (p *page) prints(t *testing.T, want string, cell []result) {
	t.Helper()
	if len(cell) != 1 || !cell[0].OK || cell[0].Got != want {
		t.Errorf("the cell printed %+v, not %s", cell, want)
	}
}
