package config

import (
	"bytes"
	"errors"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// Errors in this file contain no value of a variable. They do not contain an
// invalid name from an env_file either: it may be part of a value.

// variableName matches the valid names of variables.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// reserved lists variables that a profile must not set, because the runtime depends
// on them.
var reserved = []string{"HOME", "PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_TOKEN"}

func checkReserved(name string) (short, hint string) {
	if slices.Contains(reserved, name) {
		return i18n.T("config.reserved", "name", name), i18n.T("config.reservedHint." + name)
	}
	return "", ""
}

// readEnv reads the table env of a profile.
func readEnv(r *reader, at location, v any) ([]Variable, error) {
	hint := i18n.T("config.envHint")
	content, is := v.(map[string]any)
	if !is {
		return nil, r.wrong(at, i18n.T("config.wantTableOfTexts"), hint)
	}
	env := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if !variableName.MatchString(name) {
			return nil, r.wrong(at.in(name), i18n.T("config.noVariable", "name", i18n.Escaped(name)), hint)
		}
		if short, hint := checkReserved(name); short != "" {
			return nil, r.wrong(at.in(name), short, hint)
		}
		value, is := content[name].(string)
		if !is {
			return nil, r.wrong(at.in(name), i18n.T("config.wantText"), hint)
		}
		if strings.ContainsRune(value, 0) {
			return nil, r.wrong(at.in(name), i18n.T("config.nulInValue"), "")
		}
		env[name] = value
	}
	return variables(env), nil
}

// variables returns the variables, sorted by name.
func variables(env map[string]string) []Variable {
	var sorted []Variable
	for _, name := range slices.Sorted(maps.Keys(env)) {
		sorted = append(sorted, Variable{Name: name, Value: secret.New(env[name])})
	}
	return sorted
}

// addEnvFile adds the variables from the file that env_file names. A variable in env
// overrides the variable of the same name in that file.
func addEnvFile(r *reader, at location, v any, to *Settings) error {
	env, err := readEnvFile(r, at, v)
	if err != nil {
		return err
	}
	for _, v := range to.Profile.Env {
		env[v.Name] = v.Value.Reveal()
	}
	to.Profile.Env = variables(env)
	return nil
}

// The env_files of all profiles together may have maxEnvFiles bytes. Each profile
// keeps a copy of its variables, so a file that two profiles name counts twice. A
// file counts as at least leastEnvFile bytes.
const (
	maxEnvFiles  = 4 << 20
	leastEnvFile = 1 << 10
)

// readEnvFile reads the file that env_file names.
func readEnvFile(r *reader, at location, v any) (map[string]string, error) {
	name, err := readText(anyText)(r, at, v)
	if err != nil || name == "" {
		return map[string]string{}, err
	}
	path, err := expandHome(name)
	if err != nil {
		return nil, r.wrong(at, i18n.T("config.noHome", "cause", err), "")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.path), path)
	}
	r.envFiles = append(r.envFiles, path)
	text, err := readOwn(path)
	var others *writableByOthersError
	if errors.As(err, &others) {
		return nil, r.wrongWith(at, others.command, i18n.T("config.envFileUnreadable", "file", i18n.Escaped(path), "cause", others.short), i18n.T("config.othersHint"))
	}
	if err != nil {
		return nil, r.wrong(at, i18n.T("config.envFileUnreadable", "file", i18n.Escaped(path), "cause", cause(err)), i18n.T("config.envFileHint"))
	}
	if r.envSize += max(len(text), leastEnvFile); r.envSize > maxEnvFiles {
		return nil, r.wrong(at, i18n.T("config.envFilesTooLarge", "most", maxEnvFiles>>20), "")
	}
	env, line, short := parseEnvFile(text, r.from.Env)
	if short != "" {
		return nil, r.wrong(at, i18n.T("config.envFileLine", "line", line, "file", i18n.Escaped(path), "wrong", short), i18n.T("config.envFileHint"))
	}
	return env, nil
}

// parseEnvFile reads a text in the format of docker's --env-file
// (https://docs.docker.com/reference/cli/docker/container/run/#env). A line is
// NAME=value. A line with NAME alone takes the value from this program's
// environment; if the environment has no such variable, the line is ignored. A
// line that starts with "#" is a comment. Quotes and blanks are part of the value.
// For an invalid line parseEnvFile returns its number, from 1, and the reason.
func parseEnvFile(text []byte, lookup func(string) (string, bool)) (env map[string]string, line int, wrong string) {
	if line := utf16Line(text); line > 0 {
		return nil, line, i18n.Sentences(i18n.T("config.utf16"), i18n.T("config.utf16Hint"))
	}
	env = map[string]string{}
	text = bytes.TrimPrefix(text, byteOrderMark)
	for raw := range bytes.Lines(text) {
		line++
		content := strings.TrimSuffix(strings.TrimSuffix(string(raw), "\n"), "\r")
		content = strings.TrimLeft(content, " \t\v\f")
		if content == "" || content[0] == '#' {
			continue
		}
		name, value, stated := strings.Cut(content, "=")
		if !utf8.ValidString(content) {
			return nil, line, i18n.T("config.notPlain")
		}
		if !variableName.MatchString(name) {
			return nil, line, i18n.T("config.lineWithoutName")
		}
		if short, hint := checkReserved(name); short != "" {
			return nil, line, i18n.Sentences(short, hint)
		}
		if !stated && lookup != nil {
			value, stated = lookup(name)
		}
		if stated {
			env[name] = value
		}
	}
	return env, 0, ""
}
