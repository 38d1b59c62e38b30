package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// more is the number of profiles that are added to the built-in ones.
const more = 20

// profiles measures the cost of unused profiles. It compares the memory of the tray with
// many profiles and with none, in turn. And it measures the processor time of the tray
// with many profiles, while nothing happens and while other containers start and stop.
func profiles() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	few, removeFew, err := withSettings(b, "")
	if err != nil {
		return nil, err
	}
	defer removeFew()
	var text strings.Builder
	for i := range more {
		fmt.Fprintf(&text, "[profiles.bench-%02d]\nport = %d\n", i, 18000+i)
	}
	many, removeMany, err := withSettings(b, text.String())
	if err != nil {
		return nil, err
	}
	defer removeMany()
	var without, with []int64
	var quiet, busy float64
	for range 5 {
		for _, one := range []struct {
			start func() (*exec.Cmd, error)
			sizes *[]int64
		}{{few, &without}, {many, &with}} {
			tray, err := one.start()
			if err != nil {
				return nil, err
			}
			time.Sleep(3 * time.Second) // until the start is over
			size, err := resident(tray)
			end(tray)
			if err != nil {
				return nil, err
			}
			*one.sizes = append(*one.sizes, size)
		}
	}
	tray, err := many()
	if err != nil {
		return nil, err
	}
	defer end(tray)
	time.Sleep(3 * time.Second)
	if quiet, err = cpuShare(tray, func() error { time.Sleep(20 * time.Second); return nil }); err != nil {
		return nil, err
	}
	busy, err = cpuShare(tray, func() error {
		for range 10 {
			if err := exec.Command("docker", "run", "--rm", "--entrypoint", "true", image).Run(); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.Sort(without)
	slices.Sort(with)
	const mb = 1 << 20
	least, most := float64(without[len(without)/2])/mb, float64(with[len(with)/2])/mb
	each := (most - least) / more
	return []result{
		{"memory of a profile", fmt.Sprintf("%.2f MB each (%.1f MB without, %.1f MB with %d more)", each, least, most, more), "at most 0.3 MB", each <= 0.3},
		{fmt.Sprintf("processor while idle, with %d more profiles", more), fmt.Sprintf("%.2f %%", 100*quiet), "at most 0.1 %", quiet <= 0.001},
		{"the same while other containers come and go", fmt.Sprintf("%.2f %%", 100*busy), "at most 0.5 %", busy <= 0.005},
	}, nil
}

// withSettings returns a function that starts the tray with these settings, in a home
// directory of its own, and one that removes that directory.
func withSettings(b *bus, settings string) (start func() (*exec.Cmd, error), remove func(), err error) {
	dir, err := os.MkdirTemp("", "colab-tray-bench-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) }
	file := filepath.Join(dir, "colab-tray", "config.toml")
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		remove()
		return nil, nil, err
	}
	if err := os.WriteFile(file, []byte(settings), 0o600); err != nil {
		remove()
		return nil, nil, err
	}
	// No first start, which would open the guide.
	if err := os.WriteFile(filepath.Join(dir, "colab-tray", "welcomed"), nil, 0o600); err != nil {
		remove()
		return nil, nil, err
	}
	return func() (*exec.Cmd, error) {
		cmd := exec.Command(program)
		cmd.Env = append(os.Environ(), "XDG_CONFIG_HOME="+dir, "XDG_STATE_HOME="+dir, "XDG_RUNTIME_DIR="+dir)
		_, err := b.show(cmd)
		return cmd, err
	}, remove, nil
}
