package colab

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/moby/sys/atomicwriter"

	"colabtray/internal/config"
)

// MaxRecent is how many notebooks are remembered.
const MaxRecent = 5

// maxRecentFile is how much of the file is read, in bytes.
const maxRecentFile = 2 * MaxRecent * maxAddress

// Recent remembers the notebooks that were opened last, in a file that its owner alone
// can read. Several programs can use the file; the last one wins.
type Recent struct{ path string }

// NewRecent remembers in the file at path, which need not exist.
func NewRecent(path string) *Recent { return &Recent{path} }

// List returns the notebooks, the latest first. There are none where the file cannot be
// read, and what it has of other addresses is left out.
func (r *Recent) List() (all []Notebook) {
	f, err := config.OpenRegular(r.path)
	if err != nil {
		return nil
	}
	defer f.Close()
	var addresses []string
	if json.NewDecoder(io.LimitReader(f, maxRecentFile)).Decode(&addresses) != nil {
		return nil
	}
	for _, address := range addresses {
		if n, err := ParseNotebook(address); err == nil && n.Name != "" && len(all) < MaxRecent {
			all = append(all, n)
		}
	}
	return all
}

// Add remembers a notebook as the latest one.
func (r *Recent) Add(n Notebook) error {
	if n.Name == "" {
		return nil
	}
	others := slices.DeleteFunc(r.List(), func(known Notebook) bool { return known.URL == n.URL })
	var addresses []string
	for _, n := range append([]Notebook{n}, others...) {
		addresses = append(addresses, n.URL)
	}
	text, err := json.Marshal(addresses[:min(len(addresses), MaxRecent)])
	if err != nil {
		return err
	}
	if err := config.EnsurePrivateDir(filepath.Dir(r.path)); err != nil {
		return err
	}
	return atomicwriter.WriteFile(r.path, text, 0o600)
}

// Forget forgets all notebooks.
func (r *Recent) Forget() error {
	if err := os.Remove(r.path); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}
