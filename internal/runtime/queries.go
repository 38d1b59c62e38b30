package runtime

import (
	"context"
	"strings"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/secret"
)

// Container returns what the engine says of the runtime's container now, for a
// report. Its environment is left out: it can hold secrets.
func (m *Manager) Container(ctx context.Context) (engine.Container, error) {
	c, err := m.engine().Inspect(ctx, m.runtime)
	c.Env = nil
	return c, err
}

// HasImage reports whether the engine has the image of the profile, for its
// platform.
func (m *Manager) HasImage(ctx context.Context) (bool, error) {
	id, err := imageID(ctx, m.engine(), m.Profile().Image, m.Profile().Platform)
	return id != "", err
}

// PortHolder tells who other than the runtime itself holds the port of the
// runtime, for people; empty when nobody does or it cannot be found out.
func (m *Manager) PortHolder(ctx context.Context) string {
	port := m.Snapshot().Port
	if names := publishers(ctx, m.engine(), port); len(names) == 1 && names[0] == m.runtime {
		return ""
	}
	return portHolder(ctx, m.engine(), port, m.runtime)
}

// Secrets returns all the secrets of the runtime that are known: the token of
// its Backend URL, those in the files of its server and in its container's
// environment. Who makes a text for others takes them out of it.
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

// Page returns the path of the page that Jupyter itself has for people. A problem
// tells that the server has none, as where its image brings no user interface.
func (m *Manager) Page(ctx context.Context) (path string, err error) {
	url := m.Snapshot().URL
	if url.IsZero() {
		return "", notReadyProblem()
	}
	return jupyter.Page(ctx, url, m.Snapshot().Image)
}
