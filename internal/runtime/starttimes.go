package runtime

import (
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/moby/sys/atomicwriter"

	"colabtray/internal/config"
)

const (
	// maxStarts is how many runtimes are remembered, and maxStartsFile how much of the
	// file is read, in bytes.
	maxStarts     = 100
	maxStartsFile = 64 << 10
	// longestStart is longer than any start. What a file says beyond is not believed.
	longestStart = 24 * time.Hour
)

// StartTimes remembers in a file how long the last start of each runtime took. Several
// programs can use the file; the last one wins. Nil remembers nothing.
type StartTimes struct {
	path string
	log  *slog.Logger
	mu   sync.Mutex
}

// NewStartTimes remembers in the file at path, which need not exist.
func NewStartTimes(path string, log *slog.Logger) *StartTimes {
	return &StartTimes{path: path, log: log}
}

// startTime is what the file keeps of a start.
type startTime struct {
	Seconds int64     `json:"seconds"`
	At      time.Time `json:"at"`
}

// last returns how long the last start of a runtime took; 0 if that is not known.
func (s *StartTimes) last(runtime string) time.Duration {
	if s == nil {
		return 0
	}
	all, err := s.read()
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Debug("cannot read how long starts took", "file", s.path, "error", err)
	}
	return time.Duration(all[runtime].Seconds) * time.Second
}

// read returns what the file has that can be true.
func (s *StartTimes) read() (map[string]startTime, error) {
	all := map[string]startTime{}
	f, err := config.OpenRegular(s.path)
	if err != nil {
		return all, err
	}
	defer f.Close()
	err = json.NewDecoder(io.LimitReader(f, maxStartsFile)).Decode(&all)
	if err != nil || all == nil {
		return map[string]startTime{}, err
	}
	maps.DeleteFunc(all, func(_ string, t startTime) bool { return t.Seconds <= 0 || t.Seconds > int64(longestStart/time.Second) })
	return all, nil
}

// keep remembers how long a start of a runtime took.
func (s *StartTimes) keep(runtime string, took time.Duration) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	all, _ := s.read() // what cannot be read is replaced
	all[runtime] = startTime{int64(took / time.Second), time.Now().UTC()}
	latest := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return all[b].At.Compare(all[a].At) })
	for _, old := range latest[min(len(latest), maxStarts):] {
		delete(all, old)
	}
	text, _ := json.Marshal(all) // numbers and times never fail
	err := config.EnsurePrivateDir(filepath.Dir(s.path))
	if err == nil {
		err = atomicwriter.WriteFile(s.path, text, 0o600)
	}
	if err != nil {
		s.log.Warn("cannot write how long a start took", "file", s.path, "error", err)
	}
}
