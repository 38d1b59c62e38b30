package colab

import (
	"bytes"
	"embed"
	"io/fs"
	"path"
	"strings"
	"testing/fstest"

	"colabtray/internal/config"
)

//go:embed server
var embedded embed.FS

// Directories of the files in a container, relative to /.
const (
	serverDir   = "opt/colab-tray"
	settingsDir = "opt/colab-tray/jupyter"
	// handmadeDir is one of the directories where every Jupyter looks for settings
	// files (jupyter_core.paths.SYSTEM_CONFIG_PATH).
	handmadeDir = "usr/local/etc/jupyter"
)

// startScript is the script that starts Jupyter with our settings.
const startScript = "start.sh"

// mark is a text in each settings file of ours, in every version.
const mark = "Written by Colab Tray."

// ServerFiles returns the files that are copied into a container of ours before each
// start: the start script, the settings files, and the parts of the profile that
// these read. Paths are relative to /.
func ServerFiles(p config.Profile) fs.FS {
	files := settings(settingsDir)
	files[path.Join(serverDir, startScript)] = file(startScript)
	packages := strings.Join(p.Packages, "\n")
	if packages != "" {
		packages += "\n"
	}
	files[path.Join(serverDir, "packages.txt")] = &fstest.MapFile{Data: []byte(packages), Mode: 0o644}
	files[path.Join(settingsDir, "token-policy")] = &fstest.MapFile{Data: []byte(p.Token + "\n"), Mode: 0o644}
	return files
}

// StartCommand returns the command of a container of ours.
func StartCommand() []string { return []string{"sh", "/" + serverDir + "/" + startScript} }

// HandmadeFiles returns only the settings files, for a container that was created by
// hand and starts Jupyter in its own way. Paths are relative to /.
func HandmadeFiles() fs.FS { return settings(handmadeDir) }

// IsOurs reports whether a settings file is ours, of any version.
func IsOurs(content []byte) bool { return bytes.Contains(content, []byte(mark)) }

// settings returns the settings files in a directory: one content under the two names
// that Jupyter Server and Notebook 6 look for.
func settings(dir string) fstest.MapFS {
	content := file("settings.py")
	return fstest.MapFS{
		path.Join(dir, "jupyter_server_config.py"):   content,
		path.Join(dir, "jupyter_notebook_config.py"): content,
	}
}

func file(name string) *fstest.MapFile {
	content, err := embedded.ReadFile("server/" + name)
	if err != nil {
		panic(err) // the file is embedded
	}
	return &fstest.MapFile{Data: content, Mode: 0o644}
}
