package runtime

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// The digests of two images, the first of which the container has.
const (
	oldDigest = "sha256:old"
	newDigest = "sha256:new"
)

// newsRig prepares a runtime of ours whose image is from a registry, which has
// another one by now.
func newsRig(file string, log *bytes.Buffer) func(*config.Profile, *idleEngine, *Options) {
	return func(p *config.Profile, e *idleEngine, o *Options) {
		p.Image, p.IdleStop = "example.org/image", 0
		e.container.Image, e.container.ImageID = p.Image, "sha256:id"
		e.container.Labels = engine.WithUniqueLabel(map[string]string{engine.LabelRuntime: "r"})
		e.container.Mounts = []engine.Mount{{Volume: "r-data", Target: "/home/jovyan"}}
		e.images = map[string]engine.ImageInfo{"sha256:id": {ID: "sha256:id", Digests: []string{oldDigest}}}
		e.remote = newDigest
		o.Log = slog.New(slog.NewTextHandler(log, nil))
		o.News, o.AskRegistries = NewImageNews(file, true, o.Log), true
	}
}

// asked fails the test unless the registry was asked so often after so long.
func (s *idleRig) asked(want int, after time.Duration) {
	s.t.Helper()
	time.Sleep(after)
	synctest.Wait()
	s.engine.mu.Lock()
	defer s.engine.mu.Unlock()
	if times := s.engine.asked; times != want {
		s.t.Fatalf("the registry was asked %d times, not %d", times, want)
	}
}

// tells fails the test unless the snapshot has this newer image.
func (s *idleRig) tells(digest string, news bool) {
	s.t.Helper()
	synctest.Wait()
	if now := s.Snapshot(); now.NewerImage != digest || now.NewerImageIsNews != news {
		s.t.Fatalf("the newer image is %q, news: %t", now.NewerImage, now.NewerImageIsNews)
	}
}

func TestImageNews(t *testing.T) {
	const day = 24 * time.Hour
	for name, test := range map[string]func(s *idleRig, log *bytes.Buffer){
		"a newer one": func(s *idleRig, _ *bytes.Buffer) {
			s.asked(1, 0)
			s.tells(newDigest, true)
			s.asked(1, day-time.Minute)
			s.asked(2, 2*time.Minute)
			s.tells(newDigest, true)
		},
		"the same": func(s *idleRig, _ *bytes.Buffer) {
			s.asked(1, 0)
			s.engine.set(func(e *idleEngine) { e.remote = oldDigest })
			s.asked(2, day)
			s.tells("", false)
			s.engine.set(func(e *idleEngine) { e.remote = newDigest })
			s.asked(3, day)
			s.tells(newDigest, true)
		},
		"updated by somebody else": func(s *idleRig, _ *bytes.Buffer) {
			s.asked(1, 0)
			s.engine.set(func(e *idleEngine) {
				e.images["sha256:id"] = engine.ImageInfo{ID: "sha256:id", Digests: []string{oldDigest, newDigest}}
			})
			s.post(hint{})
			s.tells("", false)
		},
		"while it does not run": func(s *idleRig, _ *bytes.Buffer) {
			s.asked(1, 0)
			if err := s.Stop(s.t.Context()); err != nil {
				s.t.Fatal(err)
			}
			s.asked(1, 10*day)
			s.tells(newDigest, true)
		},
		"off and on": func(s *idleRig, _ *bytes.Buffer) {
			s.asked(1, 0)
			s.news.Set(false)
			s.tells("", false)
			s.asked(1, 10*day)
			s.news.Set(true)
			s.asked(2, 0)
			s.tells(newDigest, false)
		},
		"no answer": func(s *idleRig, log *bytes.Buffer) {
			s.asked(1, 0)
			s.engine.set(func(e *idleEngine) { e.remoteErr = errors.New("the registry is gone") })
			s.asked(5, 4*day+time.Minute)
			s.tells(newDigest, true) // as it told before
			if times := strings.Count(log.String(), "registry is gone"); times != 1 {
				s.t.Errorf("the failure was logged %d times", times)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			play(t, newsRig(filepath.Join(t.TempDir(), "images.json"), &log), func(s *idleRig) { test(s, &log) })
		})
	}
}

// TestImageNewsAreKept: the next program does not ask on the same day, and tells what
// is known, but not as news.
func TestImageNewsAreKept(t *testing.T) {
	var log bytes.Buffer
	file := filepath.Join(t.TempDir(), "images.json")
	play(t, newsRig(file, &log), func(s *idleRig) { s.asked(1, 0) })
	play(t, newsRig(file, &log), func(s *idleRig) {
		s.asked(0, 0)
		s.tells(newDigest, false)
		s.asked(1, 25*time.Hour)
		s.tells(newDigest, false)
	})
	reads := func(p *config.Profile, e *idleEngine, o *Options) {
		newsRig(file, &log)(p, e, o)
		o.AskRegistries = false // as a command in the terminal
	}
	play(t, reads, func(s *idleRig) {
		s.asked(0, 100*time.Hour)
		s.tells(newDigest, false)
	})
	for name, text := range map[string]string{
		"broken":        "{",
		"another type":  "[]",
		"null":          "null",
		"of the future": `{"example.org/image:latest": {"asked": "2999-01-01T00:00:00Z"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			play(t, newsRig(file, &log), func(s *idleRig) {
				s.asked(1, 0)
				s.tells(newDigest, true)
			})
		})
	}
	t.Run("no place", func(t *testing.T) {
		play(t, newsRig(filepath.Join(t.TempDir(), "missing", "images.json"), &log), func(s *idleRig) {
			s.asked(1, 10*time.Hour)
			s.tells(newDigest, true)
		})
	})
}

// TestImagesWithoutNews: nobody is asked of an image that an update would not pull.
func TestImagesWithoutNews(t *testing.T) {
	for name, change := range map[string]func(*config.Profile, *idleEngine){
		"a digest": func(p *config.Profile, e *idleEngine) {
			p.Image += "@sha256:" + strings.Repeat("a", 64)
			e.container.Image = p.Image
		},
		"built here": func(_ *config.Profile, e *idleEngine) {
			e.images["sha256:id"] = engine.ImageInfo{ID: "sha256:id", Local: true}
		},
		"another in settings": func(p *config.Profile, _ *idleEngine) { p.Image = "example.org/other" },
		"made by hand":        func(_ *config.Profile, e *idleEngine) { e.container.Labels = nil },
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			file := filepath.Join(t.TempDir(), "images.json")
			told := fmt.Sprintf(`{"example.org/image:latest": {"asked": "1999-01-01T00:00:00Z", "digest": %q}}`, newDigest)
			if err := os.WriteFile(file, []byte(told), 0o600); err != nil {
				t.Fatal(err)
			}
			play(t, func(p *config.Profile, e *idleEngine, o *Options) {
				newsRig(file, &log)(p, e, o)
				change(p, e)
			}, func(s *idleRig) {
				s.asked(0, 100*time.Hour)
				s.tells("", false)
			})
		})
	}
}
