package runtime

import (
	"context"
	"strings"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/secret"
)

// Container inspects the runtime's container, for a report. The result has no
// environment variables, because they can be secrets.
func (m *Manager) Container(ctx context.Context) (engine.Container, error) {
	c, err := m.engine().Inspect(ctx, m.runtime)
	c.Env = nil
	return c, err
}

// HasImage reports whether the engine has the profile's image for the profile's
// platform.
func (m *Manager) HasImage(ctx context.Context) (bool, error) {
	id, err := imageID(ctx, m.engine(), m.Profile().Image, m.Profile().Platform)
	return id != "", err
}

// PortHolder returns a text that names the program or container that uses the
// runtime's port. It is empty if nobody but the runtime uses the port, or if that is
// not known.
func (m *Manager) PortHolder(ctx context.Context) string {
	port := m.Snapshot().Port
	if m.gate.isOurs() {
		return ""
	}
	if names := publishers(ctx, m.engine(), port); len(names) == 1 && names[0] == m.runtime {
		return ""
	}
	return portHolder(ctx, m.engine(), m.link.Info(), port, m.runtime)
}

// Secrets returns all known secrets of the runtime: the token in its Backend URL, the
// tokens in its server's info files, and the variables of its container that may be
// secrets. A report for others must contain none of them.
func (m *Manager) Secrets(ctx context.Context) ([]secret.Secret, error) {
	var all []secret.Secret
	if url := m.Snapshot().URL; !url.IsZero() {
		all = append(all, url.Token())
	}
	c, err := m.engine().Inspect(ctx, m.runtime)
	if err != nil || !c.Exists {
		return all, err
	}
	for _, pair := range c.Env {
		if name, value, _ := strings.Cut(pair, "="); value != "" && secret.VariableNames.MatchString(name) {
			all = append(all, secret.New(value))
		}
	}
	files, err := jupyter.InfoFiles(ctx, m.engine(), c)
	return append(all, jupyter.InfoFileTokens(files)...), err
}

// Versions returns the ID of the container's image, and the version of the ready
// runtime's Jupyter server; empty if they are not known.
func (m *Manager) Versions(ctx context.Context) (image, server string) {
	if c, err := m.engine().Inspect(ctx, m.runtime); err == nil {
		image = c.ImageID
	}
	if url := m.Snapshot().URL; !url.IsZero() {
		server, _ = jupyter.Version(ctx, url)
	}
	return image, server
}

// Page returns the path of Jupyter's own user interface, such as "/lab". It returns a
// *[problem.Problem] if the runtime is not ready or its image has no user
// interface.
func (m *Manager) Page(ctx context.Context) (path string, err error) {
	url := m.Snapshot().URL
	if url.IsZero() {
		return "", notReadyProblem()
	}
	return jupyter.Page(ctx, url, m.Snapshot().Image)
}
