package tray

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"colabtray/assets"
	"colabtray/internal/runtime"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// screen is a toolkit that keeps what it was told.
type screen struct {
	View
	calls int
}

func (s *screen) setIcon(icon assets.State)  { s.Icon = icon; s.calls++ }
func (s *screen) setTooltip(text string)     { s.Tooltip = text; s.calls++ }
func (s *screen) setRow(i int, row Row)      { s.Rows[i] = row; s.calls++ }
func (s *screen) row(i int) (string, bool)   { return s.Rows[i].Text, !s.Rows[i].Disabled }
func (s *screen) is(i int, text string) bool { return s.Rows[i].Text == text }

// actor is a runtime whose deeds wait until the test lets them go on.
type actor struct {
	asked  chan string
	answer chan error
	output string
}

func (r *actor) do(ctx context.Context, verb string) error {
	r.asked <- verb
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}
func (r *actor) Start(ctx context.Context) error   { return r.do(ctx, "start") }
func (r *actor) Stop(ctx context.Context) error    { return r.do(ctx, "stop") }
func (r *actor) Restart(ctx context.Context) error { return r.do(ctx, "restart") }

func (r *actor) Watch(context.Context) <-chan runtime.Snapshot {
	panic("the app is given its snapshots")
}

func (r *actor) Logs(_ context.Context, w io.Writer, _ runtime.LogOptions) error {
	if r.output == "" {
		return &runtime.Problem{Code: runtime.CodeNoContainer, Short: "There is no runtime yet", Hint: "Start it."}
	}
	_, err := io.WriteString(w, r.output)
	return err
}

// stage runs an app in a bubble of time and shows it on a screen.
type stage struct {
	*app
	screen    *screen
	runtime   *actor
	snapshots chan runtime.Snapshot
	copied    []string
	opened    []string
	told      []string
	log       bytes.Buffer
	quit      context.CancelFunc
	failing   error // of copying and opening
	verdict   chan string
}

func onStage(t *testing.T, test func(t *testing.T, s *stage)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "logs")
	synctest.Test(t, func(t *testing.T) {
		s := &stage{
			screen:    &screen{},
			runtime:   &actor{asked: make(chan string, 9), answer: make(chan error)},
			snapshots: make(chan runtime.Snapshot),
			verdict:   make(chan string),
		}
		open := func(_ context.Context, what string) error { s.opened = append(s.opened, what); return s.failing }
		s.app = newApp(Options{
			Runtime:  s.runtime,
			Copy:     func(_ context.Context, text string) error { s.copied = append(s.copied, text); return s.failing },
			OpenURL:  open,
			OpenText: open,
			Check: func(ctx context.Context) (string, string, error) {
				select {
				case v := <-s.verdict:
					return v, "the steps", s.failing
				case <-ctx.Done():
					return "", "", ctx.Err()
				}
			},
			Tell:   func(short, hint string) { s.told = append(s.told, short+"|"+hint) },
			LogDir: dir,
			Log:    slog.New(slog.NewTextHandler(&s.log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		s.quit = cancel
		go s.run(ctx, s.screen, s.snapshots)
		test(t, s)
		cancel()
		select {
		case s.runtime.answer <- nil: // one that outlives the tray
		case <-time.After(time.Hour):
		}
		synctest.Wait()
	})
}

func (s *stage) becomes(state runtime.State) {
	s.snapshots <- snapshot(state)
	synctest.Wait()
}

func (s *stage) clickOn(row int) {
	s.click(row)
	synctest.Wait()
}

func TestClicksDoWhatIsShown(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Stopped)
		if text, enabled := s.screen.row(rowStartStop); text != "Start" || !enabled {
			t.Errorf("the row says %q, enabled %v", text, enabled)
		}
		s.clickOn(rowStartStop)
		if got := <-s.runtime.asked; got != "start" {
			t.Errorf("the runtime was asked to %s", got)
		}
		s.becomes(runtime.Starting)
		s.clickOn(primaryClick) // nothing to do now
		s.clickOn(rowCopyURL)   // disabled
		s.clickOn(rowStatus)
		s.clickOn(rowStartStop)
		if got := <-s.runtime.asked; got != "stop" {
			t.Errorf("the runtime was asked to %s", got)
		}
		s.runtime.answer <- nil
		s.runtime.answer <- &runtime.Problem{Code: runtime.CodeCancelled, Short: "Cancelled"}
		s.becomes(runtime.Ready)
		s.clickOn(rowRestart)
		if got := <-s.runtime.asked; got != "restart" {
			t.Errorf("the runtime was asked to %s", got)
		}
		if len(s.runtime.asked)+len(s.copied)+len(s.opened)+len(s.told) > 0 {
			t.Errorf("clicks on what cannot be chosen did something")
		}
	})
}

func TestPrimaryClickCopiesWhenReady(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Ready)
		s.clickOn(primaryClick)
		want := "http://localhost:8888/?token=" + planted
		if len(s.copied) != 1 || s.copied[0] != want {
			t.Errorf("copied %q, want %q", s.copied, want)
		}
		if !s.screen.is(rowStatus, "Ready: the Backend URL is copied") || s.screen.Rows[rowHint].Hidden {
			t.Errorf("the menu says %+v", s.screen.Rows[:2])
		}
		s.becomes(runtime.Stopping)
		if !s.screen.is(rowStatus, "Stopping…") || !s.screen.Rows[rowHint].Hidden {
			t.Errorf("the menu still says %+v", s.screen.Rows[:2])
		}
		s.noToken(t)
	})
}

func TestFailuresAreSaid(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Ready)
		s.failing = errors.New("no such thing")
		for row, want := range map[int]string{
			rowCopyURL:   "The Backend URL could not be copied",
			rowOpenColab: "The browser could not be opened",
			rowShowLogs:  "There is no runtime yet",
		} {
			s.clickOn(row)
			if !s.screen.is(rowStatus, want) || s.screen.Rows[rowHint].Hidden {
				t.Errorf("the menu says %+v, want %q and a hint", s.screen.Rows[:2], want)
			}
			if n := len(s.told); n == 0 || !strings.HasPrefix(s.told[n-1], want+"|") {
				t.Errorf("the person was told %q, want %q", s.told, want)
			}
		}
		s.runtime.output = "some output\n"
		s.clickOn(rowShowLogs)
		if !s.screen.is(rowStatus, "No text viewer could be opened") || !strings.Contains(s.screen.Rows[rowHint].Text, "runtime.log") {
			t.Errorf("the menu says %+v", s.screen.Rows[:2])
		}
		s.clickOn(rowRestart)
		s.runtime.answer <- errors.New("broken")
		synctest.Wait()
		if !s.screen.is(rowStatus, "That did not work") {
			t.Errorf("the menu says %+v", s.screen.Rows[:2])
		}
		s.noToken(t)
	})
}

func TestCheck(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Ready)
		s.clickOn(rowCheck)
		if text, enabled := s.screen.row(rowCheck); enabled || !s.screen.is(rowStatus, "Checking the connection…") {
			t.Errorf("while it is checked, %q is enabled: %v; the menu says %+v", text, enabled, s.screen.Rows[:2])
		}
		s.verdict <- "Colab can connect."
		synctest.Wait()
		if _, enabled := s.screen.row(rowCheck); !enabled || !s.screen.is(rowStatus, "Colab can connect") {
			t.Errorf("the menu says %+v", s.screen.Rows[:2])
		}
		if len(s.opened) != 1 {
			t.Fatalf("opened %q", s.opened)
		}
		wantPrivate(t, s.opened[0], "the steps")
	})
}

func TestShowLogs(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Failed)
		s.runtime.output = strings.Repeat("line\n", maxFile/5+10)
		s.clickOn(rowShowLogs)
		if len(s.opened) != 1 {
			t.Fatalf("opened %q", s.opened)
		}
		wantPrivate(t, s.opened[0], "line\nline\n")
		if info, err := os.Stat(s.opened[0]); err != nil || info.Size() != maxFile {
			t.Errorf("%v, %v; want it cut at %d bytes", info.Size(), err, maxFile)
		}
		left, err := os.ReadDir(filepath.Dir(s.opened[0]))
		if err != nil || len(left) != 1 {
			t.Errorf("beside it there are %v, %v", left, err)
		}
	})
}

// wantPrivate wants a file that only its owner can read.
func wantPrivate(t *testing.T, path, part string) {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(content), part) {
		t.Errorf("%s: %v, %.80q; want %q in it", path, err, content, part)
	}
	for p, want := range map[string]os.FileMode{path: 0o600, filepath.Dir(path): 0o700} {
		if info, err := os.Stat(p); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s has the permissions %v, %v; want %v", p, info.Mode().Perm(), err, want)
		}
	}
}

// noToken wants the token to be in nothing but the clipboard.
func (s *stage) noToken(t *testing.T) {
	t.Helper()
	all := fmt.Sprintf("%+v %+v %+v %+v %s", s.screen.View, s.scene.said, s.told, s.opened, &s.log)
	if strings.Contains(all, planted) {
		t.Errorf("the token is in %s", all)
	}
}

func TestOnlyDifferencesReachTheToolkit(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Ready)
		s.screen.calls = 0
		again := snapshot(runtime.Ready)
		again.Rev, again.Since = 8, time.Unix(2, 0)
		s.snapshots <- again
		s.clickOn(rowStatus)
		if s.screen.calls != 0 {
			t.Errorf("%d calls for what is shown already", s.screen.calls)
		}
		pulling := snapshot(runtime.Pulling)
		s.snapshots <- pulling
		synctest.Wait()
		s.screen.calls = 0
		pulling.Progress.Bytes += 1e6
		s.snapshots <- pulling
		synctest.Wait()
		if s.screen.calls != 2 {
			t.Errorf("%d calls for a new text of the status row and the tooltip", s.screen.calls)
		}
	})
}

func TestRegistrationShowsEverythingAgain(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Ready)
		registered := 0
		s.Registered = func() { registered++ }
		s.screen.Icon, s.screen.Tooltip = assets.Busy, ""
		s.iconRegistered()
		synctest.Wait()
		if s.screen.View.Icon != assets.Ready || s.screen.Tooltip == "" || registered != 1 {
			t.Errorf("after registering it is %v, %q, hook called %d times", s.screen.Icon, s.screen.Tooltip, registered)
		}
	})
}

func TestQuitLeavesAStartAlone(t *testing.T) {
	onStage(t, func(t *testing.T, s *stage) {
		s.becomes(runtime.Stopped)
		s.clickOn(primaryClick)
		<-s.runtime.asked
		s.clickOn(rowQuit)
		select {
		case <-s.over:
		default:
			t.Fatal("the app goes on")
		}
		s.quit()
		synctest.Wait()
		select {
		case s.runtime.answer <- nil: // the start still waits for its outcome
		default:
			t.Error("the start was cancelled")
		}
		s.click(rowStartStop) // nobody is there, and nobody waits
	})
}
