//go:build !windows

package kubernetes

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// TestFillScript: an empty volume gets what the image has, one with data stays as it is,
// and a copy that was broken off is made again.
func TestFillScript(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(home, ".config"), 0o755))
	must(t, os.WriteFile(filepath.Join(home, ".config", "a b"), []byte("of the image"), 0o644))
	for name, test := range map[string]struct {
		has  []string // files of the volume
		from string
		want []string
	}{
		"empty":          {nil, home, []string{".config/a b"}},
		"a new disk":     {[]string{"lost+found/x"}, home, []string{".config/a b", "lost+found/x"}},
		"with data":      {[]string{"work.ipynb"}, home, []string{"work.ipynb"}},
		"broken off":     {[]string{".colab-tray-filling", ".config/half"}, home, []string{".config/a b", ".config/half"}},
		"without a home": {nil, filepath.Join(home, "none"), nil},
	} {
		volume := t.TempDir()
		for _, file := range test.has {
			must(t, os.MkdirAll(filepath.Dir(filepath.Join(volume, file)), 0o755))
			must(t, os.WriteFile(filepath.Join(volume, file), nil, 0o644))
		}
		for range 2 { // each start runs it
			if out, err := exec.CommandContext(t.Context(), "sh", "-c", fillScript, "sh", test.from, volume).CombinedOutput(); err != nil {
				t.Errorf("%s: %v: %s", name, err, out)
			}
		}
		var got []string
		must(t, filepath.WalkDir(volume, func(path string, entry os.DirEntry, err error) error {
			if err == nil && !entry.IsDir() {
				path, err = filepath.Rel(volume, path)
				got = append(got, path)
			}
			return err
		}))
		if slices.Sort(got); !slices.Equal(got, test.want) {
			t.Errorf("%s: the volume has %q, not %q", name, got, test.want)
		}
	}
	// A volume that cannot be written to fails, and says so.
	cmd := exec.CommandContext(t.Context(), "sh", "-c", fillScript, "sh", home, filepath.Join(home, "none"))
	if _ = cmd.Run(); cmd.ProcessState.ExitCode() != readOnlyExit {
		t.Errorf("without a volume it ends with %s", cmd.ProcessState)
	}
}
