package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Show returns the settings in force, the chosen profile and the preferences,
// as TOML, with where each comes from. It can be a settings file, but for the
// values of env, which are not shown.
func Show(from Sources) (string, error) {
	content, err := readFile(from.File)
	if err != nil {
		return "", err
	}
	s, err := content.settings(from)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	line := func(key, value, origin string) { fmt.Fprintf(&b, "%-50s # %s\n", key+" = "+value, origin) }
	origin := func(at spot, flags ...*string) string {
		for _, flag := range flags {
			if _, key, given := override(from, flag, at.key[len(at.key)-1]); given {
				return key
			}
		}
		return content.origin(at)
	}
	line("profile", quote(s.Profile.Name), origin(at("profile"), from.Flags.Profile))

	p, table := s.Profile, at("profiles", s.Profile.Name)
	fmt.Fprintf(&b, "\n[%s]\n", dotted(table.key))
	values := p.encoded()
	for _, key := range profileKeys {
		at := table.in(key)
		switch key {
		case "name":
			line(key, values[key], origin(at, from.Flags.Name))
		case "image":
			line(key, values[key], origin(at, from.Flags.Image))
		case "port":
			line(key, values[key], origin(at, from.Flags.Port))
		case "kind":
			where := content.origin(at)
			if where == defaultOrigin {
				where = "as the image is"
			}
			line(key, values[key], where)
		case "env_file": // is in env
		case "env":
			where := content.origin(at)
			if file := content.origin(table.in("env_file")); file != defaultOrigin {
				where += ", env_file in " + file
			}
			line(key, values[key], strings.TrimPrefix(where, defaultOrigin+", "))
		default:
			line(key, values[key], content.origin(at))
		}
	}

	for _, t := range []struct {
		at     spot
		keys   []string
		values map[string]string
	}{
		{at("preferences"), preferenceKeys, s.Preferences.encoded()},
		{at("preferences", "notifications"), notificationKeys, s.Preferences.Notifications.encoded()},
	} {
		fmt.Fprintf(&b, "\n[%s]\n", dotted(t.at.key))
		for _, key := range t.keys {
			if value, is := t.values[key]; is {
				line(key, value, content.origin(t.at.in(key)))
			}
		}
	}
	return b.String(), nil
}

const defaultOrigin = "default"

// origin tells where the file states something.
func (f *file) origin(at spot) string {
	if line := f.line(at); line > 0 {
		return fmt.Sprintf("line %d", line)
	}
	return defaultOrigin
}

// encoded returns the values of the settings by their keys, as TOML.
func (p Profile) encoded() map[string]string {
	var folders, env []string
	for _, f := range p.Folders {
		folders = append(folders, fmt.Sprintf("{host = %s, path = %s, read_only = %t}", quote(f.Host), quote(f.Path), f.ReadOnly))
	}
	for _, v := range p.Env {
		env = append(env, dotted([]string{v.Name})+" = "+quote(redacted))
	}
	return map[string]string{
		"name":      encode(p.Runtime),
		"image":     encode(p.Image),
		"kind":      encode(p.Kind),
		"port":      encode(p.Port),
		"gpu":       p.GPU.encoded(),
		"memory":    encodeSize(p.Memory),
		"cpus":      encode(p.CPUs),
		"shm_size":  encodeSize(p.ShmSize),
		"folders":   "[" + strings.Join(folders, ", ") + "]",
		"env":       "{" + strings.Join(env, ", ") + "}",
		"packages":  encode(p.Packages),
		"command":   encode(p.Command),
		"token":     encode(p.Token),
		"idle_stop": encode(p.IdleStop),
		"platform":  encode(p.Platform),
		"user":      encode(p.User),
	}
}

func (g GPU) encoded() string {
	switch {
	case g.All:
		return quote("all")
	case g.Count > 0:
		return encode(g.Count)
	case len(g.IDs) > 0:
		return encode(g.IDs)
	default:
		return quote("off")
	}
}

// encodeSize returns a number of bytes with the largest unit that leaves it
// whole.
func encodeSize(bytes int64) string {
	units := []string{"", "k", "m", "g", "t"}
	for i, unit := range slices.Backward(units) {
		if size := int64(1) << (10 * i); bytes != 0 && bytes%size == 0 && unit != "" {
			return quote(strconv.FormatInt(bytes/size, 10) + unit)
		}
	}
	return encode(bytes)
}

func (p Preferences) encoded() map[string]string {
	return map[string]string{
		"start_at_open":   encode(p.StartAtOpen),
		"stop_on_quit":    encode(p.StopOnQuit),
		"icon":            encode(p.Icon),
		"language":        encode(p.Language),
		"clear_clipboard": encode(p.ClearClipboard),
	}
}

func (n Notifications) encoded() map[string]string {
	return map[string]string{
		"ready":       encode(n.Ready),
		"url_changed": encode(n.URLChanged),
		"stopped":     encode(n.Stopped),
		"failed":      encode(n.Failed),
		"idle":        encode(n.Idle),
		"progress":    encode(n.Progress),
	}
}
