// Command licences collects the licences of what is linked into the program, on any
// system that it is built for. Packages ship the file, and the program shows it.
//
//	licences FILE
//
// The file is compressed. A text that several modules have is in it once. It is an
// error if a module has no licence.
package main

//go:generate go run . ../third-party-licences.gz

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("licences: ")
	if len(os.Args) != 2 {
		log.Fatal("usage: licences FILE")
	}
	text, err := licences()
	if err != nil {
		log.Fatal(err)
	}
	var packed bytes.Buffer
	w, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is valid
	_, _ = w.Write([]byte(text))                               // a buffer never fails
	_ = w.Close()
	if err := os.WriteFile(os.Args[1], packed.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}

// systems are those that the program is built for. Processors make no difference.
var systems = []string{"linux", "windows", "darwin"}

// module is one that is linked.
type module struct{ path, version, dir string }

// linked returns the modules that are linked on any system, by path.
func linked() ([]module, error) {
	var all []module
	for _, system := range systems {
		out, err := golang([]string{"CGO_ENABLED=0", "GOOS=" + system},
			"list", "-deps", "-f", "{{with .Module}}{{if not .Main}}{{.Path}}\t{{.Version}}\t{{.Dir}}{{end}}{{end}}", "colabtray/cmd/tray")
		if err != nil {
			return nil, err
		}
		for line := range strings.Lines(out) {
			if fields := strings.Split(strings.TrimSpace(line), "\t"); len(fields) == 3 {
				all = append(all, module{fields[0], fields[1], fields[2]})
			}
		}
	}
	root, err := golang(nil, "env", "GOROOT")
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b module) int { return cmp.Compare(a.path, b.path) })
	return append(slices.Compact(all), module{"Go, the standard library", "", strings.TrimSpace(root)}), nil
}

// golang runs the go command.
func golang(env []string, args ...string) (string, error) {
	cmd := exec.Command("go", args...)
	cmd.Env = append(os.Environ(), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	return string(out), err
}

var licenceFile = regexp.MustCompile(`(?i)^(licen[cs]e|copying|notice)`)

// licences returns the text of all licences, each below those that have it.
func licences() (string, error) {
	modules, err := linked()
	if err != nil {
		return "", err
	}
	var texts []string
	owners := map[string][]string{} // by text
	for _, m := range modules {
		entries, err := os.ReadDir(m.dir)
		if err != nil {
			return "", err
		}
		has := false
		for _, entry := range entries {
			if entry.IsDir() || !licenceFile.MatchString(entry.Name()) {
				continue
			}
			content, err := os.ReadFile(filepath.Join(m.dir, entry.Name()))
			if err != nil {
				return "", err
			}
			text := strings.TrimSpace(strings.ReplaceAll(strings.ToValidUTF8(string(content), "?"), "\r\n", "\n"))
			if owners[text] == nil {
				texts = append(texts, text)
			}
			owners[text] = append(owners[text], strings.TrimSpace(m.path+" "+m.version)+": "+entry.Name())
			has = true
		}
		if !has {
			return "", fmt.Errorf("%s has no licence", m.path)
		}
	}
	var b strings.Builder
	for _, text := range texts {
		for _, owner := range owners[text] {
			fmt.Fprintf(&b, "---- %s\n", owner)
		}
		fmt.Fprintf(&b, "\n%s\n\n", text)
	}
	return b.String(), nil
}
