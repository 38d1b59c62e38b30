package desktop

import (
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/godbus/dbus/v5"

	"colabtray/test/testenv"
)

// TestChooseByCommand: what the desktop's command prints is the folder, and nothing
// when the window was closed.
func TestChooseByCommand(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", dir)
	t.Setenv("DISPLAY", ":99")
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", "unix:path="+dir+"/none")
	if HasFolderChooser(t.Context()) {
		t.Error("without a command and a bus there is a window")
	}
	if path, err := ChooseFolder(t.Context(), "x"); path != "" || !errors.Is(err, ErrNoChooser) {
		t.Errorf("without a command and a bus: %q, %v", path, err)
	}
	install := func(name, script string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script+"\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for script, want := range map[string]string{
		`echo "/srv/my data:$6"`: "/srv/my data:title",
		`printf /srv`:            "/srv",
		`exit 1`:                 "",
		`echo /srv; exit 5`:      "",
	} {
		install("zenity", script)
		if path, err := ChooseFolder(t.Context(), "title"); path != want || err != nil || !HasFolderChooser(t.Context()) {
			t.Errorf("%s: %q, %v", script, path, err)
		}
	}
	install("kdialog", `echo "/kde"`)
	t.Setenv("XDG_CURRENT_DESKTOP", "KDE")
	if path, err := ChooseFolder(t.Context(), "title"); path != "/kde" || err != nil {
		t.Errorf("on KDE: %q, %v", path, err)
	}
}

// portal answers as the portal of a desktop does.
type portal struct {
	conn   *dbus.Conn
	answer atomic.Pointer[func() (uint32, map[string]dbus.Variant)]
}

func (p *portal) OpenFile(from dbus.Sender, _, _ string, options map[string]dbus.Variant) (dbus.ObjectPath, *dbus.Error) {
	if options["directory"].Value() != true {
		return "", dbus.MakeFailedError(errors.New("no directory"))
	}
	token, _ := options["handle_token"].Value().(string)
	request := requestPath(string(from), token)
	code, results := (*p.answer.Load())()
	_ = p.conn.Emit(request, portalRequest+".Response", code, results)
	return request, nil
}

// portalProperties are those of the portal.
type portalProperties struct{}

func (portalProperties) Get(of, name string) (dbus.Variant, *dbus.Error) {
	if of != portalChooser || name != "version" {
		return dbus.Variant{}, dbus.MakeFailedError(errors.New("no such property"))
	}
	return dbus.MakeVariant(uint32(4)), nil
}

// TestChooseInPortal: the folder that the portal tells.
func TestChooseInPortal(t *testing.T) {
	address := testenv.SessionBus(t)
	t.Setenv("DBUS_SESSION_BUS_ADDRESS", address)
	t.Setenv("PATH", t.TempDir())
	conn, err := dbus.Connect(address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	p := &portal{conn: conn}
	if err := conn.Export(p, portalPath, portalChooser); err != nil {
		t.Fatal(err)
	}
	if HasFolderChooser(t.Context()) {
		t.Error("there is a portal before it has its name")
	}
	if _, err := conn.RequestName(portalName, dbus.NameFlagDoNotQueue); err != nil {
		t.Fatal(err)
	}
	if err := conn.Export(portalProperties{}, portalPath, "org.freedesktop.DBus.Properties"); err != nil {
		t.Fatal(err)
	}
	if !HasFolderChooser(t.Context()) {
		t.Error("there is no portal")
	}
	uris := func(all ...string) map[string]dbus.Variant {
		return map[string]dbus.Variant{"uris": dbus.MakeVariant(all)}
	}
	for _, c := range []struct {
		code    uint32
		results map[string]dbus.Variant
		want    string
	}{
		{0, uris("file:///srv/my%20data"), "/srv/my data"},
		{0, uris("https://example.org/srv"), ""},
		{0, uris(), ""},
		{0, nil, ""},
		{1, uris("file:///srv"), ""},
	} {
		answer := func() (uint32, map[string]dbus.Variant) { return c.code, c.results }
		p.answer.Store(&answer)
		if path, err := ChooseFolder(t.Context(), "title"); path != c.want || err != nil {
			t.Errorf("%d, %v: %q, %v", c.code, c.results, path, err)
		}
	}
}
