package config

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/i18n"
)

// Exposes is what a folder opens to all that runs in the container.
type Exposes string

const (
	// ExposesDisk is the whole disk.
	ExposesDisk Exposes = "disk"
	// ExposesHome is the person's home directory.
	ExposesHome Exposes = "home"
	// ExposesEngine is the socket of an engine: who has it can do anything.
	ExposesEngine Exposes = "engine"
)

// Exposes returns what the folder opens that few people mean to; empty for none. A
// folder that links lead to is what they lead to.
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

// engineSockets are where the sockets of engines are.
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
	if path, is := strings.CutPrefix(os.Getenv("DOCKER_HOST"), "unix://"); is {
		sockets = append(sockets, path)
	}
	return sockets
}

// contains reports whether a directory is something, or that is in it.
func contains(dir, path string) bool {
	rest, err := filepath.Rel(dir, path)
	return err == nil && filepath.IsLocal(rest)
}

// resolved returns a path without links, as far as it exists.
func resolved(path string) string {
	if whole, err := filepath.EvalSymlinks(path); err == nil {
		return whole
	}
	if dir := filepath.Dir(path); dir != path {
		return filepath.Join(resolved(dir), filepath.Base(path))
	}
	return path
}

// Warnings tell what of the profile's settings few people mean, in a sentence
// each.
func (p Profile) Warnings() []string {
	var warnings []string
	for _, f := range p.Folders {
		if exposes := f.Exposes(); exposes != "" {
			warnings = append(warnings, i18n.T("config.opens."+string(exposes), "profile", p.Name, "path", i18n.Escaped(f.Host)))
		}
	}
	return warnings
}
