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

// Where the files are in a container.
const (
	serverDir   = "opt/colab-tray"
	settingsDir = "opt/colab-tray/jupyter"
	// handmadeDir is one of the places where every Jupyter looks for settings
	// (jupyter_core.paths.SYSTEM_CONFIG_PATH).
	handmadeDir = "usr/local/etc/jupyter"
)

// startScript starts Jupyter with our settings.
const startScript = "start.sh"

// mark is in each settings file of ours, in every version.
const mark = "Written by Colab Tray."

// ServerFiles returns what is put into a container that we made, before each
// start: the start script, the settings, and what the script and the settings
// read of the profile. Paths are relative to /.
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

// StartCommand returns the command of a container that we made.
func StartCommand() []string { return []string{"sh", "/" + serverDir + "/" + startScript} }

// HandmadeFiles returns the settings alone, for a container that was made by
// hand and starts Jupyter in its own way. Paths are relative to /.
func HandmadeFiles() fs.FS { return settings(handmadeDir) }

// IsOurs reports whether a settings file is one of ours, of any version.
func IsOurs(content []byte) bool { return bytes.Contains(content, []byte(mark)) }

// settings returns the settings in a directory. It is one file under the two
// names that Jupyter Server and Notebook 6 look for.
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
		panic(err) // the file is part of the program
	}
	return &fstest.MapFile{Data: content, Mode: 0o644}
}
