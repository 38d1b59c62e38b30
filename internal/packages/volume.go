package packages

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"path"
	"strings"
	"time"

	"colabtray/internal/engine"
)

//go:embed volume.py
var volumeScript string

// volumeTime limits the look into the data volume.
const volumeTime = 30 * time.Second

// findInVolume lists the packages in the data volume of a running container. Complete
// is false when there are more than were listed.
func findInVolume(ctx context.Context, e engine.Engine, c engine.Container, volume string) (found []Package, complete bool, err error) {
	var dirs []string
	for _, m := range c.Mounts {
		if m.Volume == volume && m.IsPersistent() {
			dirs = append(dirs, m.Target)
		}
	}
	if len(dirs) == 0 {
		return nil, true, nil
	}
	if !c.Running || c.Paused {
		return nil, false, errors.New("the container does not run")
	}
	executor, err := engine.Need[engine.Executor](e)
	if err != nil {
		return nil, false, err
	}
	ctx, cancel := context.WithTimeout(ctx, volumeTime)
	defer cancel()
	cmd := append([]string{
		"sh", "-c", `python=$(command -v python3 || command -v python) && exec "$python" -I -c "$@"`, "sh", volumeScript,
	}, dirs...)
	stdout, stderr, err := executor.Exec(ctx, c.ID, cmd)
	if err == nil && !strings.HasPrefix(stdout, "begin\n") {
		err = errors.New("listing packages printed " + stderr)
	}
	if err != nil {
		return nil, false, err
	}
	found, complete = volumePackages(stdout, dirs)
	return found, complete, nil
}

// volumePackages returns the packages that the script printed, and whether it came to
// its end.
func volumePackages(printed string, dirs []string) (found []Package, complete bool) {
	for line := range strings.Lines(printed) {
		if line == "end\n" {
			complete = true
		}
		var p struct {
			Dir, Name, Version string
			Requested          bool
		}
		if json.Unmarshal([]byte(line), &p) != nil || !validName().MatchString(p.Name) || !validVersion().MatchString(p.Version) {
			continue
		}
		if len(found) == maxPackages {
			return found, false
		}
		for _, dir := range dirs {
			if engine.Within(dir, path.Clean(p.Dir)) {
				found = append(found, Package{
					Name: p.Name, Version: p.Version, Dir: path.Clean(p.Dir), Manager: "pip", Requested: p.Requested, Survives: true,
				})
				break
			}
		}
	}
	unmarkedAreRequested(found)
	return found, complete
}
