package desktop

import (
	"context"
	"os"
	"strings"
)

// Application is a program that a desktop opens things with.
type Application string

// The default applications of a desktop. Each records what it was asked to open.
const (
	Browser Application = "browser"
	Viewer  Application = "viewer"
)

// applicationFiles returns the files that define the applications, by their paths in the
// directory of a session.
func applicationFiles(dir string) map[string]string {
	files := map[string]string{
		"home/.config/mimeapps.list": `[Default Applications]
x-scheme-handler/http=browser.desktop
x-scheme-handler/https=browser.desktop
text/html=browser.desktop
text/plain=viewer.desktop
text/x-log=viewer.desktop
`,
	}
	for _, app := range []Application{Browser, Viewer} {
		opened := dir + "/" + string(app) + ".opened"
		files[string(app)] = "#!/bin/sh\nprintf %s \"$1\" >" + opened + ".new && mv " + opened + ".new " + opened + "\n"
		files["home/.local/share/applications/"+string(app)+".desktop"] = "[Desktop Entry]\nType=Application\nName=" +
			string(app) + "\nExec=" + dir + "/" + string(app) + " %u\n"
	}
	return files
}

// Opened waits until an application is asked to open an address or path, and returns
// that.
func (s *Session) Opened(ctx context.Context, app Application) (what string, err error) {
	file := s.dir + "/" + string(app) + ".opened"
	err = waitFor(ctx, "the "+string(app), func() error {
		text, err := os.ReadFile(file)
		what = strings.TrimPrefix(string(text), "file://")
		return err
	})
	if err != nil {
		return "", err
	}
	return what, os.Remove(file)
}
