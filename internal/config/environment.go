package config

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Nothing in this file puts a value into an error. A name in an env_file that
// cannot be one is not shown either: it may be a part of a value.

// variableName is what a variable can be called.
var variableName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_.-]*$`)

const envHint = `Write it as in env = {NAME = "value"}`

// reserved are variables that the runtime depends on, with what to do instead.
var reserved = map[string]string{
	"HOME":                `Use image and folders to have other files there`,
	"PATH":                `Use command to start something by its full path`,
	"JUPYTER_CONFIG_PATH": `Put the configuration into ~/.jupyter of the data volume`,
	"JUPYTER_TOKEN":       `Use token = "keep" for a token that stays the same`,
}

func checkReserved(name string) (short, hint string) {
	if hint, is := reserved[name]; is {
		return name + " belongs to Colab Tray, and the runtime would break with another value", hint
	}
	return "", ""
}

// readEnv reads the table of variables.
func readEnv(r *reader, at spot, v any) (map[string]string, error) {
	content, is := v.(map[string]any)
	if !is {
		return nil, r.wrong(at, "it has to be a table of texts", envHint)
	}
	env := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(content)) {
		if !variableName.MatchString(name) {
			return nil, r.wrong(at.in(name), fmt.Sprintf("%q cannot be the name of a variable", name), envHint)
		}
		if short, hint := checkReserved(name); short != "" {
			return nil, r.wrong(at.in(name), short, hint)
		}
		value, is := content[name].(string)
		if !is {
			return nil, r.wrong(at.in(name), wantText, envHint)
		}
		if strings.ContainsRune(value, 0) {
			return nil, r.wrong(at.in(name), "the value has a NUL character, which no variable can have", "")
		}
		env[name] = value
	}
	return env, nil
}

const envFileHint = "It has lines of NAME=value, as for docker run --env-file"

// readEnvFile reads the file that env_file names.
func readEnvFile(r *reader, at spot, v any) (map[string]string, error) {
	name, err := readText(anyText)(r, at, v)
	if err != nil || name == "" {
		return map[string]string{}, err
	}
	path, err := expandHome(name)
	if err != nil {
		return nil, r.wrong(at, "the home directory is not known: "+err.Error(), "")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(r.path), path)
	}
	r.envFiles = append(r.envFiles, path)
	text, err := readRegular(path)
	if err != nil {
		return nil, r.wrong(at, fmt.Sprintf("%q cannot be read: %s", path, cause(err)), envFileHint)
	}
	env, line, short := parseEnvFile(text, r.from.Env)
	if short != "" {
		return nil, r.wrong(at, fmt.Sprintf("line %d of %q: %s", line, path, short), envFileHint)
	}
	return env, nil
}

// readRegular reads a file that is one: opening a pipe would wait for its other
// end.
func readRegular(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("it is not a regular file")
	}
	return readBounded(path)
}

// parseEnvFile reads a text in the format of docker's --env-file: NAME=value;
// NAME alone takes the value from our own environment, and is left out when it
// is not there; what begins with "#" is a comment. Values are taken as they
// are, with quotes and blanks. Where something is wrong it returns the line
// and what it is.
func parseEnvFile(text []byte, lookup func(string) (string, bool)) (env map[string]string, line int, wrong string) {
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
		if !utf8.ValidString(content) || strings.ContainsRune(content, 0) {
			return nil, line, "it is not plain text"
		}
		if !variableName.MatchString(name) {
			return nil, line, "it does not begin with the name of a variable"
		}
		if short, hint := checkReserved(name); short != "" {
			return nil, line, short + ". " + hint
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
