package jupyter

import (
	"archive/tar"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

// The limits on what is read from a container, because its content may be hostile.
const (
	maxInfoFile    = 64 << 10 // bytes
	maxInfoArchive = 8 << 20  // bytes
	maxInfoEntries = 2000
)

// InfoFile is what a server writes about itself: nbserver-PID.json (Notebook 6) or
// jpserver-PID.json (Jupyter Server).
type InfoFile struct {
	token    secret.Secret
	secure   bool   // serves https
	base     string // the base path, such as "/"
	password bool   // has a password
	root     string // the root directory of its files
	inside   bool   // listens only on the container's loopback interface
	port     int    // the port in the container
	written  time.Time
}

// parseInfoFile parses the content of an info file.
func parseInfoFile(text []byte, written time.Time) (InfoFile, error) {
	var content struct {
		Token       string `json:"token"`
		Secure      bool   `json:"secure"`
		BaseURL     string `json:"base_url"`
		Password    bool   `json:"password"`
		Hostname    string `json:"hostname"` // the address it listens on
		Port        int    `json:"port"`
		RootDir     string `json:"root_dir"`
		NotebookDir string `json:"notebook_dir"` // Notebook 6
	}
	if err := json.Unmarshal(text, &content); err != nil {
		return InfoFile{}, err
	}
	return InfoFile{
		token:    secret.New(content.Token),
		secure:   content.Secure,
		base:     content.BaseURL,
		password: content.Password,
		root:     cmp.Or(content.RootDir, content.NotebookDir),
		port:     content.Port,
		inside:   content.Hostname == "localhost" || net.ParseIP(content.Hostname).IsLoopback(),
		written:  written,
	}, nil
}

// infoFileDirs lists the directories in which a server in the container may write its
// info file: the Jupyter runtime directory (jupyter_core.paths.jupyter_runtime_dir).
func infoFileDirs(c engine.Container) []string {
	var dirs []string
	add := func(dir string) {
		if dir = path.Clean(dir); path.IsAbs(dir) && !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	if dir := engine.Environment(c.Env, "JUPYTER_RUNTIME_DIR"); dir != "" {
		add(dir)
	}
	if dir := engine.Environment(c.Env, "JUPYTER_DATA_DIR"); dir != "" {
		add(dir + "/runtime")
	}
	homes := []string{engine.Environment(c.Env, "HOME"), "/home/jovyan", "/root"}
	if user, _, _ := strings.Cut(c.User, ":"); user != "" && !strings.ContainsAny(user, "0123456789/.") {
		homes = append(homes, "/home/"+user)
	}
	for _, home := range homes {
		add(home + "/.local/share/jupyter/runtime")
	}
	return dirs
}

// InfoFiles returns the info files of the container's current run, the newest first.
// The data volume can still hold files of earlier runs, even with the same process ID.
func InfoFiles(ctx context.Context, e engine.Engine, c engine.Container) ([]InfoFile, error) {
	var files []InfoFile
	var errs []error
	for _, dir := range append(infoFileDirs(c), homeRuntimeDir(ctx, e, c)...) {
		archive, err := e.Get(ctx, c.ID, dir)
		if errors.Is(err, engine.ErrNotFound) {
			continue
		}
		if err != nil {
			errs = append(errs, err)
			continue
		}
		found, err := readInfoFiles(archive)
		_ = archive.Close()
		files, errs = append(files, found...), append(errs, err)
	}
	begun := c.RunSince().Truncate(time.Second) // times in an archive are in whole seconds
	files = slices.DeleteFunc(files, func(f InfoFile) bool { return f.written.Before(begun) })
	slices.SortStableFunc(files, func(a, b InfoFile) int { return cmp.Compare(b.written.UnixNano(), a.written.UnixNano()) })
	return files, errors.Join(errs...)
}

// ServerRoot returns the root directory of the server's files; empty when no info file
// has it.
func ServerRoot(files []InfoFile) string {
	for _, f := range files {
		if path.IsAbs(f.root) {
			return path.Clean(f.root)
		}
	}
	return ""
}

// InfoFileTokens returns the tokens in the info files, each once.
func InfoFileTokens(files []InfoFile) []secret.Secret {
	var tokens []secret.Secret
	for _, f := range files {
		if !f.token.IsZero() && !slices.Contains(tokens, f.token) {
			tokens = append(tokens, f.token)
		}
	}
	return tokens
}

// readInfoFiles returns the info files in an archive of a runtime directory. With an
// error it returns those that it has read before.
func readInfoFiles(archive io.Reader) ([]InfoFile, error) {
	var files []InfoFile
	r := tar.NewReader(io.LimitReader(archive, maxInfoArchive))
	for range maxInfoEntries {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return files, nil
		}
		if err != nil {
			return files, err
		}
		if !isInfoFile(header) {
			continue
		}
		text, err := io.ReadAll(r)
		if err != nil {
			return files, err
		}
		if f, err := parseInfoFile(text, header.ModTime); err == nil { // else the server is still writing it
			files = append(files, f)
		}
	}
	return files, nil
}

func isInfoFile(h *tar.Header) bool {
	name := path.Base(h.Name)
	return h.Typeflag == tar.TypeReg && h.Size <= maxInfoFile && strings.HasSuffix(name, ".json") &&
		(strings.HasPrefix(name, "nbserver-") || strings.HasPrefix(name, "jpserver-"))
}

// homeRuntimeDir returns the Jupyter runtime directory when the container's user is a
// number and HOME is not set in its environment, so that infoFileDirs lacks it.
func homeRuntimeDir(ctx context.Context, e engine.Engine, c engine.Container) []string {
	user, _, _ := strings.Cut(c.User, ":")
	if _, err := strconv.Atoi(user); err != nil || engine.Environment(c.Env, "HOME") != "" {
		return nil
	}
	a, err := engine.AccountIn(ctx, e, c)
	if dir := a.Home + "/.local/share/jupyter/runtime"; err == nil && !slices.Contains(infoFileDirs(c), dir) {
		return []string{dir}
	}
	return nil
}
