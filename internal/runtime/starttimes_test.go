package runtime

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine/memory"
)

// TestStartTimesAreKept: the next program knows how long the last start took.
func TestStartTimesAreKept(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "starts.json")
	log := slog.New(slog.DiscardHandler)
	newProgram := func(runtime, engine string) *Manager {
		p := config.Default()
		p.Runtime, p.Engine = runtime, engine
		return NewManager(NewLink(memory.New(), log), p, Options{Starts: NewStartTimes(file, log), Log: log})
	}
	synctest.Test(t, func(t *testing.T) {
		m := newProgram("mine", "ssh://box")
		if got := m.Snapshot().LastStart; got != 0 {
			t.Errorf("before the first start, the last one took %s", got)
		}
		for _, s := range []State{Absent, Starting, Ready} {
			m.timeStart(s)
			m.current.State = s
			time.Sleep(12 * time.Second)
		}
		m.work.Wait()
		if got := m.timeStart(Ready); got != 12*time.Second {
			t.Errorf("the start took %s", got)
		}
		if got := newProgram("mine", "ssh://box").Snapshot().LastStart; got != 12*time.Second {
			t.Errorf("the next program says that it took %s", got)
		}
		for _, other := range []*Manager{newProgram("other", "ssh://box"), newProgram("mine", "")} {
			if got := other.Snapshot().LastStart; got != 0 {
				t.Errorf("the start of another runtime took %s", got)
			}
		}
	})
	info, err := os.Stat(file)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
}

func TestStartTimesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := NewStartTimes(filepath.Join(t.TempDir(), "starts.json"), slog.New(slog.DiscardHandler))
		for i := range maxStarts + 5 {
			s.keep(fmt.Sprint("r", i), time.Minute)
			time.Sleep(time.Second)
		}
		all, err := s.read()
		if err != nil || len(all) != maxStarts || s.last("r4") != 0 || s.last("r5") != time.Minute {
			t.Errorf("%d are kept, %v", len(all), err)
		}
	})
}

// TestHostileStartTimes: whatever the file says, no time is told that cannot be.
func TestHostileStartTimes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "starts.json")
	for _, text := range []string{
		"", "{", "null", "[]", `{"r": null}`, `{"r": {"seconds": -1}}`, `{"r": {"seconds": 1e300}}`, `{"r": {"seconds": 9223372036854775807}}`,
		`{"r": {"seconds": 86401}}`, `{"` + strings.Repeat("x", maxStartsFile) + `": {"seconds": 5}, "r": {"seconds": 5}}`,
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s := NewStartTimes(file, slog.New(slog.DiscardHandler))
		if got := s.last("r"); got != 0 {
			t.Errorf("%.50q says %s", text, got)
		}
		if s.keep("r", time.Second); s.last("r") != time.Second {
			t.Errorf("%.50q stays", text)
		}
	}
	var none *StartTimes
	if none.keep("r", time.Second); none.last("r") != 0 {
		t.Error("nothing remembers")
	}
}
