package config

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/i18n"
)

// Exposes names what a folder makes accessible to every program in the container,
// beyond an ordinary folder.
type Exposes string

const (
	// ExposesDisk is the whole disk.
	ExposesDisk Exposes = "disk"
	// ExposesHome is the person's home directory.
	ExposesHome Exposes = "home"
	// ExposesEngine is the socket of an engine. A program that can use the socket
	// controls this computer.
	ExposesEngine Exposes = "engine"
)

// Exposes returns what the folder exposes that the person probably does not want to
// expose. It returns "" for an ordinary folder. Exposes follows symbolic links.
func (f Folder) Exposes() Exposes {
	home, _ := os.UserHomeDir()
	host := resolved(f.Host)
	switch {
	case filepath.Dir(host) == host:
		return ExposesDisk
	case home != "" && contains(host, resolved(home)):
		return ExposesHome
	case slices.Contains([]string{"docker.sock", "podman.sock", "containerd.sock"}, filepath.Base(f.Host)),
		slices.ContainsFunc(engineSockets(home), func(socket string) bool { return contains(host, resolved(socket)) }):
		return ExposesEngine
	default:
		return ""
	}
}

// engineSockets returns the usual paths of the sockets of engines.
func engineSockets(home string) []string {
	user := os.Getenv("XDG_RUNTIME_DIR")
	if user == "" {
		user = filepath.Join("/run/user", strconv.Itoa(os.Getuid()))
	}
	sockets := []string{
		"/var/run/docker.sock", "/run/podman/podman.sock", "/run/containerd/containerd.sock",
		filepath.Join(user, "docker.sock"), filepath.Join(user, "podman", "podman.sock"),
	}
	if home != "" {
		for _, dir := range []string{".docker/run", ".docker/desktop", ".colima/default", ".rd", ".orbstack/run"} {
			sockets = append(sockets, filepath.Join(home, dir, "docker.sock"))
		}
	}
	if socket, is := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); is {
		sockets = append(sockets, socket)
	}
	return sockets
}

// contains reports whether path is dir or is inside dir.
func contains(dir, path string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rest)
}

// resolved returns a path with all symbolic links resolved. The part of the path
// that does not exist stays as it is.
func resolved(path string) string {
	if whole, err := filepath.EvalSymlinks(path); err == nil {
		return whole
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}

// Question returns what the person is to know before the folder is added: what it
// exposes. It is empty for an ordinary folder.
func (f Folder) Question() string {
	exposes := f.Exposes()
	if exposes == "" {
		return ""
	}
	return i18n.T("config.wouldOpen."+string(exposes), "path", i18n.Escaped(f.Host))
}

// exposesElsewhere is [Folder.Exposes] for a folder of another machine, of which only the
// path is known.
func (f Folder) exposesElsewhere() Exposes {
	host := path.Clean(filepath.ToSlash(f.Host))
	parent := path.Dir(host)
	switch {
	case host == "/":
		return ExposesDisk
	case slices.Contains([]string{"/root", "/home", "/Users"}, host), parent == "/home", parent == "/Users":
		return ExposesHome
	case slices.Contains([]string{"docker.sock", "podman.sock", "containerd.sock"}, path.Base(host)),
		slices.Contains([]string{"/var", "/var/run", "/run", "/run/user", "/run/podman", "/run/containerd"}, host), parent == "/run/user":
		return ExposesEngine
	default:
		return ""
	}
}

// QuestionElsewhere is [Folder.Question] for a folder of another machine.
func (f Folder) QuestionElsewhere() string {
	exposes := f.exposesElsewhere()
	if exposes == "" {
		return ""
	}
	return i18n.T("config.wouldOpen."+exposes.textElsewhere(), "path", i18n.Escaped(f.Host))
}

// textElsewhere returns the key of the text about what a folder of another machine
// exposes.
func (e Exposes) textElsewhere() string {
	if e == ExposesHome {
		return "homes"
	}
	return string(e)
}

// CheckFolder checks that a path on this computer is a folder.
func CheckFolder(host string) (short, hint string) {
	info, err := os.Stat(host)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return i18n.T("config.noFolder", "path", i18n.Escaped(host)), i18n.T("config.noFolderHint")
	case err != nil:
		return i18n.T("config.folderUnreadable", "path", i18n.Escaped(host), "cause", cause(err)), ""
	case !info.IsDir() && (Folder{Host: host}).Exposes() != ExposesEngine:
		return i18n.T("config.fileNotFolder", "path", i18n.Escaped(host)), i18n.T("config.fileNotFolderHint")
	default:
		return "", ""
	}
}

// Warnings returns one sentence for each setting of the profile that the person
// probably does not want.
func (p Profile) Warnings() []string {
	var warnings []string
	for _, f := range p.Folders {
		exposes := f.Exposes()
		text := string(exposes)
		if p.OnOtherMachine() {
			exposes = f.exposesElsewhere()
			text = exposes.textElsewhere()
		}
		if exposes != "" {
			warnings = append(warnings, i18n.T("config.opens."+text, "profile", p.Name, "path", i18n.Escaped(f.Host)))
		}
	}
	return warnings
}
