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

// Nothing in this file puts a value into an error. A name in an env_file that
// cannot be one is not shown either: it may be a part of a value.

// variableName is what a variable can be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

// reserved are variables that the runtime depends on.
var reserved = []string{"HOME", "PATH", "JUPYTER_CONFIG_PATH", "JUPYTER_TOKEN"}

func checkReserved(name string) (short, hint string) {
	if slices.Contains(reserved, name) {
		return i18n.T("config.reserved", "name", name), i18n.T("config.reservedHint." + name)
	}
	return "", ""
}

// readEnv reads the table of variables.
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

// variables returns the variables sorted by name.
func variables(env map[string]string) []Variable {
	var sorted []Variable
	for _, name := range slices.Sorted(maps.Keys(env)) {
		sorted = append(sorted, Variable{Name: name, Value: secret.New(env[name])})
	}
	return sorted
}

// addEnvFile adds the variables of the file that env_file names to those of env,
// which win.
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

// Of all profiles together the files of env_file can have maxEnvFiles bytes: each
// profile keeps what is in its own, also when it is the same as another's. One
// counts for leastEnvFile at least.
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

// parseEnvFile reads a text in the format of docker's --env-file: NAME=value;
// NAME alone takes the value from our own environment, and is left out when it
// is not there; what begins with "#" is a comment. Values are taken as they
// are, with quotes and blanks. Where something is wrong it returns the line
// and what it is.
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
