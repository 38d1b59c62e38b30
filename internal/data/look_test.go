package data

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/engine"
)

// TestOutputThatComesLate: the output of a helper is read until all of it is there, as an
// engine can keep the last of it after the helper has ended.
func TestOutputThatComesLate(t *testing.T) {
	whole := "bmFtZQ==\n" + outputEnd + "\n"
	for name, test := range map[string]struct {
		kept []string // at each time that it is read; the last for good
		want string
		took time.Duration
		fail bool
	}{
		"at once":       {kept: []string{whole}, want: "bmFtZQ==\n"},
		"late":          {kept: []string{"", "bmF", "bmFtZQ==\n", whole}, want: "bmFtZQ==\n", took: 3 * outputPause},
		"of nothing":    {kept: []string{"", outputEnd + "\n"}, took: outputPause},
		"an end in it":  {kept: []string{"name" + outputEnd + "\n", whole}, want: "bmFtZQ==\n", took: outputPause},
		"never":         {kept: []string{"bmF"}, took: outputPatience, fail: true},
		"more than all": {kept: []string{strings.Repeat("x", maxOutput) + whole}, fail: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := New(Options{Engine: &lateEngine{kept: test.kept}})
				begin := time.Now()
				got, err := d.printed(t.Context(), "helper")
				if test.fail != (err != nil) || string(got) != test.want {
					t.Errorf("got %q, %v", got, err)
				}
				if took := time.Since(begin); took != test.took {
					t.Errorf("it took %v, want %v", took, test.took)
				}
			})
		})
	}
	d := New(Options{Engine: &lateEngine{}})
	if _, err := d.printed(t.Context(), "helper"); !errors.Is(err, errLate) {
		t.Errorf("an error of the engine has become %v", err)
	}
}

// lateEngine has more of a container's output each time that it is asked.
type lateEngine struct {
	engine.Engine
	kept []string
}

var errLate = errors.New("there is none")

func (e *lateEngine) Logs(context.Context, engine.Container, engine.LogQuery) (io.ReadCloser, error) {
	if len(e.kept) == 0 {
		return nil, errLate
	}
	text := e.kept[0]
	if len(e.kept) > 1 {
		e.kept = e.kept[1:]
	}
	return io.NopCloser(strings.NewReader(text)), nil
}
