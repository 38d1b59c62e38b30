package packages

import (
	"archive/tar"
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"path"
	"regexp"
	"strings"
	"sync"

	"colabtray/internal/engine"
)

const (
	// maxArchive is how much of the archive of a package's metadata is read, in bytes.
	maxArchive = 16 << 20
	// maxFile is how much of one of its files is read, in bytes.
	maxFile = 64 << 10
)

var (
	validName    = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,98}[A-Za-z0-9])?$`) })
	validVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.!+_-]{0,99}$`) })
	validURL     = sync.OnceValue(func() *regexp.Regexp {
		return regexp.MustCompile(`^https://[A-Za-z0-9.-]+(?::[0-9]{1,5})?/[A-Za-z0-9._~/+%-]{1,300}$`)
	})
	validCommit = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9a-f]{7,64}$`) })
)

// readDistInfo reads the metadata of a package
// (https://packaging.python.org/en/latest/specifications/recording-installed-packages/).
// It returns false for what is no package.
func readDistInfo(ctx context.Context, e engine.Engine, container, dir string) (Package, bool, error) {
	archive, err := e.Get(ctx, container, dir)
	if errors.Is(err, engine.ErrNotFound) {
		return Package{}, false, nil // removed meanwhile
	}
	if err != nil {
		return Package{}, false, err
	}
	defer archive.Close()
	p, is := packageOf(dir, io.LimitReader(archive, maxArchive))
	return p, is, nil
}

// packageOf returns the package whose metadata are in an archive of the directory. It
// returns false for what is no package.
func packageOf(dir string, archive io.Reader) (Package, bool) {
	files := distInfoFiles(archive)
	p := Package{Dir: path.Dir(dir), Manager: "pip"}
	p.Name, p.Version = nameAndVersion(files["METADATA"])
	if !validName().MatchString(p.Name) || !validVersion().MatchString(p.Version) {
		return p, false
	}
	_, p.Requested = files["REQUESTED"]
	p.Requirement = p.Name + "==" + p.Version
	if source, direct := files["direct_url.json"]; direct {
		p.Requirement = directRequirement(p.Name, source)
	}
	return p, true
}

// distInfoFiles returns the files in an archive of the directory that tell what is
// asked here, by name. What cannot be read is left out.
func distInfoFiles(archive io.Reader) map[string][]byte {
	files := map[string][]byte{}
	in := tar.NewReader(archive)
	for {
		h, err := in.Next()
		if err != nil {
			return files
		}
		name := path.Base(h.Name)
		if h.Typeflag != tar.TypeReg || strings.Count(path.Clean(h.Name), "/") != 1 {
			continue
		}
		switch name {
		case "METADATA", "REQUESTED", "direct_url.json":
			files[name], _ = io.ReadAll(io.LimitReader(in, maxFile))
		}
	}
}

// nameAndVersion returns what the head of a package's metadata says.
func nameAndVersion(metadata []byte) (name, version string) {
	lines := bufio.NewScanner(bytes.NewReader(metadata))
	for lines.Scan() && lines.Text() != "" {
		key, value, _ := strings.Cut(lines.Text(), ":")
		switch strings.ToLower(key) {
		case "name":
			name = strings.TrimSpace(value)
		case "version":
			version = strings.TrimSpace(value)
		}
	}
	return name, version
}

// directRequirement returns the requirement for a package that was installed from an
// address (PEP 610), as pip freeze writes it. It is empty for a package from a file or
// folder, which another container does not have.
func directRequirement(name string, source []byte) string {
	var from struct {
		URL string `json:"url"`
		VCS struct {
			Name   string `json:"vcs"`
			Commit string `json:"commit_id"`
		} `json:"vcs_info"`
	}
	if json.Unmarshal(source, &from) != nil || !validURL().MatchString(from.URL) {
		return ""
	}
	switch {
	case from.VCS.Name == "git" && validCommit().MatchString(from.VCS.Commit):
		return name + " @ git+" + from.URL + "@" + from.VCS.Commit
	case from.VCS.Name == "":
		return name + " @ " + from.URL
	default:
		return ""
	}
}

// condaFile matches the name of a file in conda-meta: name, version and build.
var condaFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^([A-Za-z0-9_.][A-Za-z0-9_.+-]{0,99})-([0-9A-Za-z.!+_]{1,100})-[0-9A-Za-z._]{1,100}\.json$`)
})

// condaPackage returns the package that a file of conda is about. Pip need not know
// packages of conda, so it has no requirement.
func condaPackage(file string) (Package, bool) {
	match := condaFile().FindStringSubmatch(path.Base(file))
	if match == nil {
		return Package{}, false
	}
	return Package{Name: match[1], Version: match[2], Dir: path.Dir(path.Dir(file)), Manager: "conda"}, true
}
