package cli

import (
	"context"
	"errors"
	"reflect"
	"strings"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/doctor"
	"colabtray/internal/i18n"
	"colabtray/internal/packages"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// What commands print with --json. Names and meanings do not change between releases,
// new fields may come. The man page tells of each field.

// jsonOf returns what a command prints with --json, by its name; nil where it takes no
// such flag.
func jsonOf(command string) any {
	return map[string]any{
		"start":        urlJSON{},
		"restart":      urlJSON{},
		"url":          urlJSON{},
		"update":       updateJSON{},
		"stop":         stopJSON{},
		"status":       statusJSON{},
		"logs":         lineJSON{},
		"check":        colab.Report{},
		"doctor":       doctor.Report{},
		"backup":       backupJSON{},
		"restore":      restoreJSON{},
		"delete":       deleteJSON{},
		"packages":     packages.List{},
		"kernels":      kernelsJSON{},
		"config init":  fileJSON{},
		"config path":  fileJSON{},
		"config show":  settingsJSON{},
		"config check": checkedJSON{},
		"version":      versionJSON{},
	}[command]
}

// failureJSON is printed by a command that has a problem and nothing else to tell.
type failureJSON struct {
	Problem *problemJSON `json:"problem"`
}

type urlJSON struct {
	Profile  string         `json:"profile"`
	Runtime  string         `json:"runtime"`
	URL      string         `json:"url"`
	Warnings []*problemJSON `json:"warnings"`
}

// updateJSON has no url where the runtime does not run.
type updateJSON struct {
	Profile  string         `json:"profile"`
	Runtime  string         `json:"runtime"`
	Image    string         `json:"image"`
	Result   string         `json:"result"`
	URL      string         `json:"url"`
	Warnings []*problemJSON `json:"warnings"`
}

type stopJSON struct {
	Profile string `json:"profile"`
	Runtime string `json:"runtime"`
	Exists  bool   `json:"exists"`
}

type lineJSON struct {
	Line string `json:"line"`
}

type backupJSON struct {
	File     string `json:"file"`
	Runtime  string `json:"runtime"`
	Made     string `json:"made"`
	Entries  int64  `json:"entries"`
	Bytes    int64  `json:"bytes"`
	Packed   int64  `json:"packed"`
	Outside  int64  `json:"outside"`
	Special  int    `json:"special"`
	Relinked int    `json:"relinked"`
}

type restoreJSON struct {
	Runtime string     `json:"runtime"`
	Volume  string     `json:"volume"`
	From    backupJSON `json:"from"`
	Kept    string     `json:"kept"`
	Started bool       `json:"started"`
}

type deleteJSON struct {
	Runtime   string   `json:"runtime"`
	Container bool     `json:"container"`
	Volume    bool     `json:"volume"`
	Kept      string   `json:"kept"`
	Rescued   []string `json:"rescued"`
}

type fileJSON struct {
	File string `json:"file"`
}

type checkedJSON struct {
	File     string   `json:"file"`
	Exists   bool     `json:"exists"`
	Warnings []string `json:"warnings"`
}

type settingsJSON struct {
	Profile  string        `json:"profile"`
	Settings []settingJSON `json:"settings"`
}

type settingJSON struct {
	Key    string `json:"key"`
	Value  any    `json:"value"`
	Source string `json:"source"`
}

type versionJSON struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

type problemJSON struct {
	Code    string `json:"code"`
	Short   string `json:"short"`
	Hint    string `json:"hint"`
	Command string `json:"command"`
}

func problemAsJSON(p *problem.Problem) *problemJSON {
	return &problemJSON{Code: string(p.Code), Short: p.Short, Hint: p.Hint, Command: p.Command}
}

func problemsAsJSON(problems []*problem.Problem) []*problemJSON {
	all := []*problemJSON{}
	for _, p := range problems {
		all = append(all, problemAsJSON(p))
	}
	return all
}

func urlAsJSON(s runtime.Snapshot) urlJSON {
	return urlJSON{Profile: s.Profile, Runtime: s.Runtime, URL: s.URL.Reveal(), Warnings: problemsAsJSON(s.Warnings)}
}

func backupAsJSON(b data.Backup) backupJSON {
	return backupJSON{
		File: b.File, Runtime: b.Runtime, Made: b.Made.UTC().Format(time.RFC3339), Entries: b.Entries, Bytes: b.Bytes, Packed: b.Size,
		Outside: b.Extra, Special: b.Special, Relinked: b.Relinked,
	}
}

// printFailure prints the problem that ended a command which has printed nothing else.
func (in *invocation) printFailure(err error) {
	var p *problem.Problem
	var wrong *config.Error
	var usage *usageError
	failure := &problemJSON{Code: "error", Short: i18n.Error(err)}
	switch {
	case errors.As(err, &p):
		failure = problemAsJSON(p)
	case errors.As(err, &usage), errors.As(err, &wrong) && wrong.IsFlag(), errors.Is(err, context.Canceled), errors.Is(err, errReported):
		return
	case errors.As(err, &wrong):
		failure = &problemJSON{Code: string(problem.Settings), Short: wrong.Error(), Hint: wrong.Hint, Command: wrong.Command}
	}
	_ = in.printJSON(failureJSON{failure})
}

// jsonLines prints each line as JSON.
type jsonLines struct{ in *invocation }

// Write implements [io.Writer]. It takes whole lines.
func (j jsonLines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		if err := j.in.printJSON(lineJSON{strings.TrimSuffix(line, "\n")}); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// JSONFields returns the fields of what a command prints with --json, such as "profile"
// or "steps[].name"; nil if it has no such flag. What several commands print has fields
// under a name of its own, "problem".
func JSONFields(command string) []string {
	value := jsonOf(command)
	if command == "problem" {
		value = problemJSON{}
	}
	if value == nil {
		return nil
	}
	return fieldsOf(reflect.TypeOf(value), "")
}

// fieldsOf returns the names of a type's fields with what is before them.
func fieldsOf(t reflect.Type, before string) []string {
	var all []string
	for i := range t.NumField() {
		field := t.Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		name = before + name
		of := field.Type
		if of.Kind() == reflect.Slice {
			name, of = name+"[]", of.Elem()
		}
		if of.Kind() == reflect.Struct && of != reflect.TypeFor[backupJSON]() {
			all = append(all, fieldsOf(of, name+".")...)
			continue
		}
		all = append(all, name)
	}
	return all
}
