package config

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/secret"
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
	for _, t := range tables {
		table := t.at(s.Profile.Name)
		if len(t.path) > 0 {
			fmt.Fprintf(&b, "\n[%s]\n", dotted(table.key))
		}
		for _, one := range t.settings {
			if one.show != nil {
				fmt.Fprintf(&b, "%-50s # %s\n", one.key+" = "+one.show(&s), content.originOf(from, one, table))
			}
		}
	}
	return b.String(), nil
}

// originOf tells where the value of a setting in a table comes from.
func (f *file) originOf(from Sources, s setting[Settings], table location) string {
	if _, source, given := from.override(s.key); given {
		return source
	}
	origin := f.origin(table.in(s.key))
	if origin == defaultOrigin && s.unstated != "" {
		return s.unstated
	}
	if s.with == "" {
		return origin
	}
	if with := f.origin(table.in(s.with)); with != defaultOrigin {
		origin += ", " + s.with + " in " + with
	}
	return strings.TrimPrefix(origin, defaultOrigin+", ")
}

const defaultOrigin = "default"

// origin tells where the file states something.
func (f *file) origin(at location) string {
	if line := f.line(at); line > 0 {
		return fmt.Sprintf("line %d", line)
	}
	return defaultOrigin
}

// showEnv shows the names of the variables alone.
func showEnv(s *Settings) string {
	var env []string
	for _, v := range s.Profile.Env {
		env = append(env, dotted([]string{v.Name})+" = "+quote(secret.Redacted))
	}
	return "{" + strings.Join(env, ", ") + "}"
}

// encoded returns the folder as TOML writes it.
func (f Folder) encoded() string {
	var keys []string
	for _, s := range folderSettings {
		keys = append(keys, s.key+" = "+s.show(&f))
	}
	return "{" + strings.Join(keys, ", ") + "}"
}

// encoded returns the GPUs as TOML writes them.
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
