package app

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"colabtray/internal/config"
	"colabtray/internal/runtime"
)

// welcomed is the file in the state directory that tells that the program has shown
// itself once; tokens.json tells the same of a program before there was this file.
const welcomed = "welcomed"

// firstStart reports whether the program starts for the first time ever, and notes
// that it has. Where that cannot be noted, no start is the first one.
func firstStart(dir string) bool {
	if _, err := os.Lstat(filepath.Join(dir, "tokens.json")); !errors.Is(err, fs.ErrNotExist) {
		return false
	}
	f, err := os.OpenFile(filepath.Join(dir, welcomed), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// welcome opens the guide once in the life of the program, as soon as it is known
// whether there is an engine.
func (s *fleetSession) welcome(ctx context.Context) {
	if !firstStart(config.StateDir()) {
		return
	}
	for o := range s.fleet.Watch(ctx) {
		if o.Runtime().State == runtime.Unknown {
			continue
		}
		if err := s.OpenGuide(ctx); err != nil {
			s.Log.Info("the guide could not be opened at the first start", "error", err)
		}
		return
	}
}
