package main

import (
	"encoding/json"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/cli"
	"colabtray/test/testenv"
)

// TestJSON lets each command tell its results to a program: standard output is JSON
// alone, and has the fields that are documented.
func TestJSON(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.Server2))
	runtime, port, file := c.get("COLAB_TRAY_NAME"), c.get("COLAB_TRAY_PORT"), filepath.Join(t.TempDir(), "b.tar.zst")
	for _, test := range []struct {
		line    string
		command string
		code    int
		want    []string // in what is printed
	}{
		{"version", "version", 0, []string{`"version":"1.2.3"`}},
		{"config path", "config path", 0, []string{"config.toml"}},
		{"config init", "config init", 0, []string{"config.toml"}},
		{"config check", "config check", 0, []string{`"exists":true`}},
		{"config show", "config show", 0, []string{`{"key":"profiles.jupyter.port","value":` + port + `,"source":"COLAB_TRAY_PORT"}`, `"value":false`, `"value":[]`}},
		{"url", "problem", 1, []string{`"code":"not-ready"`, "colab-tray start"}},
		{"stop", "stop", 0, []string{`"exists":false`}},
		{"delete --yes", "delete", 0, []string{`"container":false`}},
		{"restore", "problem", 1, []string{`"code":"no-backup"`}},
		{"config init", "problem", 1, []string{`"code":"settings-broken"`}},
		{"start", "start", 0, []string{`"url":"http://localhost:` + port, `"warnings":[]`}},
		{"url", "url", 0, []string{`"url":"http://localhost:` + port}},
		{"status", "status", 0, []string{`"state":"ready"`}},
		{"check", "check", 0, []string{`"ok":true`}},
		{"doctor", "doctor", 0, []string{`"sections":[`}},
		{"packages", "packages", 0, []string{`"packages":[`, `"incomplete":false`}},
		{"kernels", "kernels", 0, []string{`"kernels":[]`, `"freed":[]`}},
		{"kernels shutdown a", "problem", 1, []string{`"code":"no-such-kernel"`}},
		{"logs --tail 2", "logs", 0, []string{"\n{"}},
		{"update --remove-old", "problem", 1, []string{`"code":"no-previous-image"`}},
		{"backup " + file, "backup", 0, []string{`"runtime":"` + runtime + `"`}},
		{"backup " + file, "problem", 1, []string{`"code":"file-exists"`}},
		{"stop", "stop", 0, []string{`"exists":true`}},
		{"restore --yes --no-backup " + file, "restore", 0, []string{`"from":{"file":"`, `"started":false`, `"kept":""`}},
		{"delete --data --yes", "delete", 0, []string{`"volume":true`, `.tar.zst"`}},
	} {
		out, _ := c.run(test.code, append(strings.Fields(test.line), "--json")...)
		has(t, out, test.want...)
		documented := cli.JSONFields(test.command)
		if len(documented) == 0 {
			t.Errorf("nothing is documented of %s", test.command)
		}
		for line := range strings.Lines(out) {
			var value any
			if err := json.Unmarshal([]byte(line), &value); err != nil {
				t.Errorf("%s printed %s (%v)", test.line, line, err)
			}
			if test.command == "problem" {
				value, _ = value.(map[string]any)["problem"]
			}
			for _, field := range fields(value, "", documented) {
				if !slices.Contains(documented, field) {
					t.Errorf("%s prints %s, which is not documented", test.line, field)
				}
			}
		}
	}
}

// fields returns the names of what a value holds, down to those that are documented.
func fields(value any, name string, documented []string) (all []string) {
	if slices.Contains(documented, name) || slices.Contains(documented, name+"[]") && value == nil {
		return nil
	}
	switch value := value.(type) {
	case map[string]any:
		for key, v := range value {
			all = append(all, fields(v, strings.TrimPrefix(name+"."+key, "."), documented)...)
		}
	case []any:
		for _, v := range value {
			all = append(all, fields(v, name+"[]", documented)...)
		}
	default:
		all = append(all, name)
	}
	return all
}
