package desktop

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"os/exec"
	"strings"

	"github.com/godbus/dbus/v5"

	"colabtray/internal/sessionbus"
)

// The portal of desktops, which has a window to choose files in
// (https://flatpak.github.io/xdg-desktop-portal/docs/doc-org.freedesktop.portal.FileChooser.html).
const (
	portalName    = "org.freedesktop.portal.Desktop"
	portalPath    = "/org/freedesktop/portal/desktop"
	portalChooser = "org.freedesktop.portal.FileChooser"
	portalRequest = "org.freedesktop.portal.Request"
)

// HasFolderChooser reports whether [ChooseFolder] can show a window.
func HasFolderChooser(ctx context.Context) bool {
	return chooserCommand("") != nil || hasPortal(ctx)
}

// chooseFolder uses the desktop's own command, else the portal.
func chooseFolder(ctx context.Context, title string) (string, error) {
	if command := chooserCommand(title); command != nil {
		return chosen(exec.CommandContext(ctx, command[0], command[1:]...))
	}
	return chooseInPortal(ctx, title)
}

// chooserCommand returns the command that shows a window to choose a folder in, that of
// KDE first where KDE runs; nil for none.
func chooserCommand(title string) []string {
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return nil
	}
	home, _ := os.UserHomeDir()
	commands := [][]string{
		{"zenity", "--file-selection", "--directory", "--filename", home + "/", "--title", title},
		{"kdialog", "--title", title, "--getexistingdirectory", home},
	}
	if strings.Contains(os.Getenv("XDG_CURRENT_DESKTOP"), "KDE") {
		commands[0], commands[1] = commands[1], commands[0]
	}
	for _, command := range commands {
		if _, err := exec.LookPath(command[0]); err == nil {
			return command
		}
	}
	return nil
}

// hasPortal reports whether the session has a portal that can choose files.
func hasPortal(ctx context.Context) bool {
	bus, err := sessionbus.Connect(ctx)
	if err != nil {
		return false
	}
	defer bus.Close()
	var version dbus.Variant
	return bus.Object(portalName, portalPath).CallWithContext(ctx, "org.freedesktop.DBus.Properties.Get", 0, portalChooser, "version").Store(&version) == nil
}

// chooseInPortal lets the person choose a folder in the portal's window.
func chooseInPortal(ctx context.Context, title string) (string, error) {
	bus, err := sessionbus.Connect(ctx)
	if err != nil {
		return "", ErrNoChooser
	}
	defer bus.Close()
	// The path of the request is known before the call, so that its answer cannot be
	// missed.
	token := "colabtray" + rand.Text()
	request := requestPath(bus.Names()[0], token)
	answers := make(chan *dbus.Signal, 1)
	bus.Signal(answers)
	if err := bus.AddMatchSignalContext(ctx, dbus.WithMatchObjectPath(request), dbus.WithMatchInterface(portalRequest), dbus.WithMatchMember("Response")); err != nil {
		return "", err
	}
	options := map[string]dbus.Variant{"handle_token": dbus.MakeVariant(token), "directory": dbus.MakeVariant(true)}
	if err := bus.Object(portalName, portalPath).CallWithContext(ctx, portalChooser+".OpenFile", 0, "", title, options).Err; err != nil {
		return "", ErrNoChooser
	}
	for {
		select {
		case <-ctx.Done():
			return "", context.Cause(ctx)
		case answer, open := <-answers:
			if !open {
				return "", ErrNoChooser
			}
			if answer.Path == request {
				return folderOf(answer.Body), nil
			}
		}
	}
}

// requestPath returns the path of a request to the portal.
func requestPath(sender, token string) dbus.ObjectPath {
	return dbus.ObjectPath(portalPath + "/request/" + strings.ReplaceAll(strings.TrimPrefix(sender, ":"), ".", "_") + "/" + token)
}

// folderOf returns the path in an answer of the portal, "" when the person has chosen
// none.
func folderOf(body []any) string {
	if len(body) != 2 || body[0] != uint32(0) {
		return ""
	}
	results, _ := body[1].(map[string]dbus.Variant)
	addresses, _ := results["uris"].Value().([]string)
	if len(addresses) == 0 {
		return ""
	}
	address, err := url.Parse(addresses[0])
	if err != nil || address.Scheme != "file" {
		return ""
	}
	return address.Path
}
