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
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"colabtray/assets"
	"colabtray/internal/colab"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// screen is a toolkit that keeps what it was told.
type screen struct {
	View
	calls  int
	filled atomic.Bool // the submenus
}

func (s *screen) setIcon(icon assets.State, style assets.Style) {
	s.Icon, s.Style = icon, style
	s.calls++
}
func (s *screen) setTooltip(text string)      { s.Tooltip = text; s.calls++ }
func (s *screen) setRow(i int, row Row)       { s.Rows[i] = row; s.calls++ }
func (s *screen) setMark(i int, checked bool) { s.Rows[i].Checked = checked }
func (s *screen) setSubmenus(filled bool)     { s.filled.Store(filled) }
func (s *screen) row(i int) (string, bool)    { return s.Rows[i].Text, !s.Rows[i].Disabled }
func (s *screen) is(i int, text string) bool  { return s.Rows[i].Text == text }

// fakeRuntime is a runtime whose actions wait until the test lets them go on.
type fakeRuntime struct {
	asked  chan string
	answer chan error
	output string
}

func (r *fakeRuntime) do(ctx context.Context, verb string) error {
	r.asked <- verb
	select {
	case err := <-r.answer:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

// verb is what is asked for; of the profile that most tests have it says no more.
func verb(what, profile string) string {
	if profile == "default" {
		return what
	}
	return what + " " + profile
}

func (r *fakeRuntime) Start(ctx context.Context, p string) error { return r.do(ctx, verb("start", p)) }

func (r *fakeRuntime) Stop(ctx context.Context, p string) error { return r.do(ctx, verb("stop", p)) }

func (r *fakeRuntime) Restart(ctx context.Context, p string) error {
	return r.do(ctx, verb("restart", p))
}

func (r *fakeRuntime) Watch(context.Context) <-chan runtime.Overview {
	panic("the app is given its overviews")
}

func (r *fakeRuntime) Logs(_ context.Context, _ string, w io.Writer, _ runtime.LogOptions) error {
	if r.output == "" {
		return &problem.Problem{Code: problem.NoContainer, Short: "There is no runtime yet", Hint: "Start it."}
	}
	_, err := io.WriteString(w, r.output)
	return err
}

// appTest runs an app in a bubble of time and shows it on a screen.
type appTest struct {
	*app
	screen    *screen
	runtime   *fakeRuntime
	overviews chan runtime.Overview
	copied    []string
	opened    []string
	told      []string
	log       bytes.Buffer
	quit      context.CancelFunc
	failing   error // of copying and opening
	verdict   chan string
	selected  []string
	requests  chan Request
	hasData   bool
	newer     bool // there is a newer image
	size      chan int64
	kept      bool // the token
	changed   chan struct{}
}

func withApp(t *testing.T, test func(t *testing.T, s *appTest)) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "logs")
	synctest.Test(t, func(t *testing.T) {
		s := &appTest{
			screen:    &screen{},
			runtime:   &fakeRuntime{asked: make(chan string, 9), answer: make(chan error)},
			overviews: make(chan runtime.Overview),
			size:      make(chan int64),
			changed:   make(chan struct{}),
			requests:  make(chan Request),
			hasData:   true,
			verdict:   make(chan string),
		}
		open := func(_ context.Context, what string) error { s.opened = append(s.opened, what); return s.failing }
		s.app = newApp(Options{
			Runtimes: s.runtime,
			Select: func(_ context.Context, profile string) error {
				s.selected = append(s.selected, profile)
				return s.failing
			},
			Copy:     func(_ context.Context, text string) error { s.copied = append(s.copied, text); return s.failing },
			OpenURL:  open,
			OpenText: open,
			Check: func(ctx context.Context, _ string) (colab.Report, error) {
				select {
				case v := <-s.verdict:
					return colab.Report{Verdict: v, Steps: []colab.Step{{Name: "the steps"}}}, s.failing
				case <-ctx.Done():
					return colab.Report{}, ctx.Err()
				}
			},
			ShowMessage: func(short, hint string, _ ...problem.Act) { s.told = append(s.told, short+"|"+hint) },
			LogDir:      dir,
			Delete: func(ctx context.Context, profile string, data bool) (string, error) {
				err := s.runtime.do(ctx, fmt.Sprintf("delete %s %v", profile, data))
				if err != nil || !data {
					return "", err
				}
				return "/backups/default.tar.zst", nil
			},
			DataSize:     func(context.Context, string) (int64, error) { return <-s.size, s.failing },
			Lost:         func(context.Context, string) (int64, error) { return <-s.size, s.failing },
			OpenJupyter:  func(context.Context, string) error { return s.failing },
			Guide:        func(context.Context) error { return open(context.Background(), "the guide") },
			Recent:       colab.NewRecent(filepath.Join(dir, "notebooks.json")),
			OpenTerminal: func(context.Context, string) error { return s.failing },
			KeepURL: &Toggle{
				Get: func() bool { return s.kept },
				Set: func(on bool) error {
					if s.failing == nil {
						s.kept = on
					}
					return s.failing
				},
			},
			SettingsChanged: s.changed,
			Requests:        s.requests,
			EditSettings:    func(context.Context) error { return s.failing },
			Act: func(_ context.Context, profile string, act problem.Act) error {
				return s.runtime.do(t.Context(), act.String()+" "+profile)
			},
			Update: func(_ context.Context, profile string) (bool, error) {
				err := s.runtime.do(t.Context(), "update "+profile)
				return s.newer, err
			},
			HasData: func(context.Context, string) (bool, error) { return s.hasData, nil },
			Log:     slog.New(slog.NewTextHandler(&s.log, nil)),
		})
		ctx, cancel := context.WithCancel(t.Context())
		s.quit = cancel
		go s.run(ctx, s.screen, s.overviews)
		test(t, s)
		cancel()
		select {
		case s.runtime.answer <- nil: // one that outlives the tray
		case <-time.After(time.Hour):
		}
		synctest.Wait()
	})
}

func (s *appTest) setState(state runtime.State) {
	s.overviews <- seen(snapshot(state))
	synctest.Wait()
}

func (s *appTest) clickOn(row int) {
	s.click(row)
	synctest.Wait()
}

func TestClicksDoWhatIsShown(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Stopped)
		if text, enabled := s.screen.row(rowStart); text != "Start" || !enabled {
			t.Errorf("the row says %q, enabled %v", text, enabled)
		}
		s.clickOn(rowStart)
		if got := <-s.runtime.asked; got != "start" {
			t.Errorf("the runtime was asked to %s", got)
		}
		s.setState(runtime.Starting)
		s.clickOn(primaryClick) // nothing to do now but wait
		if want := []string{"Starting…|Waiting until Jupyter answers. This takes some seconds."}; !slices.Equal(s.told, want) {
			t.Errorf("the person was told %q", s.told)
		}
		s.told = nil
		s.clickOn(rowCopyURL) // disabled
		s.clickOn(rowStatus)
		s.clickOn(rowStart) // not there any more
		s.clickOn(rowStop)
		if got := <-s.runtime.asked; got != "stop" {
			t.Errorf("the runtime was asked to %s", got)
		}
		s.runtime.answer <- nil
		s.runtime.answer <- &problem.Problem{Code: problem.Cancelled, Short: "Cancelled"}
		s.setState(runtime.Ready)
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
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Ready)
		s.clickOn(primaryClick)
		want := "http://localhost:8888/?token=" + secretToken
		if len(s.copied) != 1 || s.copied[0] != want {
			t.Errorf("copied %q, want %q", s.copied, want)
		}
		if !s.screen.is(rowStatus, "Ready: the Backend URL is copied") || s.screen.Rows[rowHint].Hidden {
			t.Errorf("the menu says %+v", s.screen.Rows[:2])
		}
		s.setState(runtime.Stopping)
		if !s.screen.is(rowStatus, "Stopping…") || !s.screen.is(rowHint, "Your files are kept.") {
			t.Errorf("the menu still says %+v", s.screen.Rows[:2])
		}
		s.noToken(t)
	})
}

func TestNotebooks(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Ready)
		recent, forget := rowOf("notebook0"), rowOf("forgetNotebooks")
		if !s.screen.Rows[recent].Hidden || !s.screen.Rows[forget].Hidden || s.screen.Rows[rowOf("notebooks")].Hidden {
			t.Error("without a notebook the submenu is another one")
		}
		n, err := colab.ParseNotebook("https://github.com/U/R/blob/main/a_b.ipynb")
		if err := errors.Join(err, s.Recent.Add(n)); err != nil {
			t.Fatal(err)
		}
		s.menuOpened()
		synctest.Wait()
		if row := s.screen.Rows[recent]; row.Hidden || row.Text != "a_b.ipynb (U/R)" {
			t.Errorf("the row of the notebook is %+v", row)
		}
		s.clickOn(rowOf("newNotebook"))
		s.clickOn(recent)
		s.clickOn(rowOf("openNotebook"))
		if want := []string{colab.NewNotebookPage, n.URL, "the guide"}; !slices.Equal(s.opened, want) {
			t.Errorf("opened %q, not %q", s.opened, want)
		}
		s.clickOn(forget)
		if len(s.Recent.List()) > 0 || !s.screen.Rows[recent].Hidden {
			t.Error("the notebook is not forgotten")
		}
	})
}

func TestFailuresAreSaid(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Ready)
		s.failing = errors.New("no such thing")
		for row, want := range map[int]string{
			rowCopyURL:            "The Backend URL could not be copied",
			rowOpenColab:          "The browser could not be opened",
			rowOf("openJupyter"):  "Jupyter could not be opened",
			rowOf("openTerminal"): "The terminal could not be opened",
			rowShowLogs:           "There is no runtime yet",
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
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Ready)
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
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Failed)
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
func (s *appTest) noToken(t *testing.T) {
	t.Helper()
	all := fmt.Sprintf("%+v %+v %+v %+v %s", s.screen.View, s.viewInput.message, s.told, s.opened, &s.log)
	if strings.Contains(all, secretToken) {
		t.Errorf("the token is in %s", all)
	}
}

func TestOnlyDifferencesReachTheToolkit(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Ready)
		s.screen.calls = 0
		again := snapshot(runtime.Ready)
		again.Rev, again.Since = 8, time.Unix(2, 0)
		s.overviews <- seen(again)
		s.clickOn(rowStatus)
		if s.screen.calls != 0 {
			t.Errorf("%d calls for what is shown already", s.screen.calls)
		}
		pulling := snapshot(runtime.Pulling)
		s.overviews <- seen(pulling)
		synctest.Wait()
		s.screen.calls = 0
		pulling.Progress.Bytes += 1e6
		s.overviews <- seen(pulling)
		synctest.Wait()
		if s.screen.calls != 2 {
			t.Errorf("%d calls for a new text of the status row and the tooltip", s.screen.calls)
		}
	})
}

func TestRegistrationShowsEverythingAgain(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Ready)
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

// The submenus are filled for each panel after it has looked at the menu.
func TestSubmenusFollowThePanel(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		wants := func(filled bool, when string) {
			t.Helper()
			synctest.Wait()
			if s.screen.filled.Load() != filled {
				t.Errorf("%s the submenus are filled: %v", when, !filled)
			}
		}
		s.setState(runtime.Stopped)
		s.iconRegistered()
		wants(false, "before the panel has looked")
		time.Sleep(settleTime)
		wants(true, "after the panel has looked")
		s.iconRegistered()
		wants(true, "when the panel says so again")
		s.panelGone()
		wants(false, "without a panel")
		time.Sleep(settleTime)
		wants(false, "without a panel")
		s.iconRegistered()
		s.panelGone()
		s.iconRegistered()
		wants(false, "before the other panel has looked")
		time.Sleep(settleTime)
		wants(true, "after the other panel has looked")
	})
}

func TestQuitLeavesAStartAlone(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Stopped)
		s.clickOn(primaryClick)
		<-s.runtime.asked
		s.clickOn(rowQuit)
		select {
		case <-s.done:
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
		s.click(rowStart) // nobody is there, and nobody waits
	})
}

func TestProfiles(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		three := fleet(3, 1)
		for i := range three.Runtimes {
			three.Runtimes[i] = snapshot(runtime.Stopped)
			three.Runtimes[i].Profile = fmt.Sprintf("profile_%02d", i)
		}
		s.overviews <- three
		s.clickOn(rowProfile + 2)
		s.clickOn(rowProfile + 3) // there is no such profile
		s.clickOn(rowRuntimes)
		if len(s.selected) != 1 || s.selected[0] != "profile_02" {
			t.Fatalf("selected %q", s.selected)
		}
		s.clickOn(rowStart)
		if got := <-s.runtime.asked; got != "start profile_01" {
			t.Errorf("before it is the current one, the runtime was asked to %s", got)
		}
		three.Current = "profile_02"
		s.overviews <- three
		synctest.Wait()
		if !s.screen.Rows[rowProfile+2].Checked || s.screen.Rows[rowProfile+1].Checked {
			t.Errorf("the marks are at %+v", s.screen.Rows[rowProfile:rowMoreProfiles])
		}
		s.clickOn(primaryClick)
		if got := <-s.runtime.asked; got != "start profile_02" {
			t.Errorf("the runtime was asked to %s", got)
		}
		s.runtime.answer <- nil
		synctest.Wait()
		s.failing = errors.New("the file is read-only")
		s.clickOn(rowProfile)
		if !s.screen.is(rowStatus, "The setting could not be changed") || !s.screen.is(rowHint, "The file is read-only.") {
			t.Errorf("the menu says %+v", s.screen.Rows[:2])
		}
	})
}

// TestProfilesAreARadioGroup: whatever is clicked, and whatever the panel makes of the
// click, one profile has the mark, the current one.
func TestProfilesAreARadioGroup(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.overviews <- fleet(3, 1)
		synctest.Wait()
		for _, failing := range []error{nil, errors.New("the file is read-only")} {
			s.failing = failing
			for clicked := range 3 {
				row := &s.screen.Rows[rowProfile+clicked]
				row.Checked = !row.Checked // as Plasma's panel does
				s.clickOn(rowProfile + clicked)
				for i := range 3 {
					if got := s.screen.Rows[rowProfile+i].Checked; got != (i == 1) {
						t.Errorf("after a click on %d (%v), the mark of %d is there: %t", clicked, failing, i, got)
					}
				}
			}
		}
	})
}

func TestDeletingDataTakesTwoChoices(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Stopped)
		armDelete := func() {
			t.Helper()
			s.clickOn(rowDeleteData)
			if !s.screen.Rows[rowConfirmData].Hidden || !s.screen.Rows[rowDeleteData].Disabled {
				t.Error("before the size is known the second row is there")
			}
			s.size <- 1_300_000_000
			synctest.Wait()
			if !s.screen.is(rowConfirmData, "Yes, delete 1.3 GB of notebooks and files") || s.screen.Rows[rowConfirmData].Hidden {
				t.Fatalf("the second row is %+v", s.screen.Rows[rowConfirmData])
			}
		}
		wantDisarmed := func(by string) {
			t.Helper()
			s.clickOn(rowConfirmData)
			if !s.screen.Rows[rowConfirmData].Hidden || len(s.runtime.asked) != 0 {
				t.Errorf("after %s the second row is still there", by)
			}
		}
		wantDisarmed("nothing")
		armDelete()
		s.clickOn(rowOpenColab)
		wantDisarmed("another choice")
		armDelete()
		s.setState(runtime.Starting)
		s.setState(runtime.Ready)
		wantDisarmed("another state")
		s.setState(runtime.Stopped)
		s.clickOn(rowDeleteData)
		s.setState(runtime.Absent)
		s.size <- 5 // of what it was before
		synctest.Wait()
		wantDisarmed("another state while the size was looked up")
		if !s.screen.is(rowStatus, "Not started yet") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}

		s.failing = &problem.Problem{Code: problem.EngineFailed, Short: "The size is not known"}
		s.clickOn(rowDeleteData)
		s.size <- 0
		synctest.Wait()
		wantDisarmed("a failure")
		if !s.screen.is(rowStatus, "The size is not known") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}

		s.failing = nil
		armDelete()
		s.clickOn(rowConfirmData)
		if got := <-s.runtime.asked; got != "delete default true" {
			t.Errorf("asked to %s", got)
		}
		s.clickOn(rowConfirmData)
		s.runtime.answer <- errors.New("broken")
		synctest.Wait()
		if !s.screen.is(rowStatus, "That did not work") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}
		s.setState(runtime.Stopped)
		if !s.screen.is(rowStatus, "That did not work") {
			t.Error("the failure was forgotten before there was a success")
		}
		armDelete()
		s.clickOn(rowConfirmData)
		<-s.runtime.asked
		s.runtime.answer <- nil
		synctest.Wait()
		s.setState(runtime.Absent)
		if !s.screen.is(rowStatus, "Deleted; a backup is kept for 7 days") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}
		s.setState(runtime.Stopped)
		s.clickOn(rowDeleteContainer)
		if got := <-s.runtime.asked; got != "delete default false" {
			t.Errorf("asked to %s", got)
		}
		s.runtime.answer <- nil
		synctest.Wait()
		if !s.screen.is(rowStatus, "Stopped") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}
	})
}

// TestDeletingSomebodysContainerTakesTwoChoices: what it alone has goes with it.
func TestDeletingSomebodysContainerTakesTwoChoices(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		handmade := snapshot(runtime.Stopped)
		handmade.Container = "0f0f"
		s.overviews <- seen(handmade)
		synctest.Wait()
		s.clickOn(rowDeleteContainer)
		s.size <- 1_300_000_000
		synctest.Wait()
		if len(s.runtime.asked) != 0 || !s.screen.is(rowStatus, "Nothing is deleted yet") {
			t.Errorf("one choice: the menu says %+v", s.screen.Rows[0])
		}
		s.clickOn(rowConfirmDelete)
		if got := <-s.runtime.asked; got != "delete default false" {
			t.Errorf("asked to %s", got)
		}
		s.runtime.answer <- nil
		synctest.Wait()

		s.clickOn(rowDeleteData)
		s.size <- 0 // in the volume
		s.size <- 1_300_000_000
		synctest.Wait()
		if !s.screen.is(rowConfirmData, "Yes, delete 1.3 GB of notebooks and files") {
			t.Errorf("the second row is %+v", s.screen.Rows[rowConfirmData])
		}
	})
}

func TestTogglesShowWhatIsSet(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.setState(runtime.Stopped)
		checked := func(want bool, when string) {
			t.Helper()
			synctest.Wait()
			if s.screen.Rows[rowKeepURL].Checked != want {
				t.Errorf("%s the mark is there: %v", when, !want)
			}
		}
		if !s.screen.Rows[rowStartAtLogin].Hidden || s.screen.Rows[rowSettings].Hidden {
			t.Error("there is a row for what cannot be done")
		}
		s.clickOn(rowKeepURL)
		checked(true, "when it was chosen")
		s.clickOn(rowKeepURL)
		checked(false, "when it was chosen again")
		s.kept = true
		checked(false, "when it was changed elsewhere")
		s.menuOpened()
		checked(true, "when the menu is opened")
		s.kept = false
		s.changed <- struct{}{}
		checked(false, "when the settings have changed")
		s.failing = errors.New("no room")
		s.clickOn(rowKeepURL)
		checked(false, "when it could not be changed")
		if !s.screen.is(rowStatus, "The setting could not be changed") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}
	})
}

func TestBrokenSettingsAreSaidBesideTheState(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		o := seen(snapshot(runtime.Ready))
		o.Settings = &problem.Problem{Code: problem.Settings, Short: "The settings file has a mistake in line 3", Hint: "port: no."}
		s.overviews <- o
		s.overviews <- o
		synctest.Wait()
		if !s.screen.is(rowStatus, "Ready on port 8888") || !s.screen.is(rowHint, o.Settings.Short) || !s.screen.is(rowHint+1, "port: no.") || !s.screen.is(rowHint+2, "Edit settings…") {
			t.Errorf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		if len(s.told) != 1 {
			t.Errorf("the person was told %q", s.told)
		}
		s.setState(runtime.Ready)
		if s.screen.is(rowHint, o.Settings.Short) {
			t.Error("mended, and still said")
		}
	})
}

func TestQuitWaitsForWhatIsToBeDone(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.Quit = func(ctx context.Context) error { return s.runtime.do(ctx, "stop all") }
		s.setState(runtime.Ready)
		s.clickOn(rowQuit)
		if got := <-s.runtime.asked; got != "stop all" || !s.screen.is(rowStatus, "Quitting…") {
			t.Errorf("asked to %s, the menu says %+v", got, s.screen.Rows[0])
		}
		s.runtime.answer <- &problem.Problem{Code: problem.EngineFailed, Short: "It does not stop"}
		synctest.Wait()
		if !s.screen.is(rowStatus, "It does not stop") {
			t.Errorf("the menu says %+v", s.screen.Rows[0])
		}
		s.clickOn(rowQuit)
		select {
		case <-s.done:
		default:
			t.Error("the second time it does not end")
		}
	})
}

func TestAnnounce(t *testing.T) {
	overviews := make(chan runtime.Overview, 9)
	shared := func(current int, rev uint64) runtime.Overview { // one runtime of two profiles, and two more
		o := fleet(4, current)
		for i, state := range []runtime.State{runtime.Stopped, runtime.Ready, runtime.Stopped, runtime.Absent} {
			o.Runtimes[i].State = state
		}
		o.Runtimes[2].Runtime = o.Runtimes[0].Runtime
		for _, i := range []int{0, 2, 3} {
			o.Runtimes[i].Rev = rev
		}
		return o
	}
	first, next := shared(0, 7), shared(2, 8)
	overviews <- first
	overviews <- next
	overviews <- next
	close(overviews)
	var told []string
	announce(overviews, func(prev, next runtime.Snapshot) {
		told = append(told, fmt.Sprintf("%s %d %s %d", prev.Profile, prev.Rev, next.Profile, next.Rev))
	})
	want := []string{" 0 profile_00 7", " 0 profile_01 7", "profile_00 7 profile_02 8"}
	if !slices.Equal(told, want) {
		t.Errorf("told %q, want %q", told, want)
	}
}

// TestActs holds that what a problem offers is a row below the status, which carries
// it out, and that a notification's button does the same.
func TestActs(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		now := snapshot(runtime.Failed)
		now.Problem.Acts = []problem.Act{{Name: problem.ActUsePort, Port: 8890}, {Name: problem.ActStart}}
		s.overviews <- seen(now)
		synctest.Wait()
		if text, enabled := s.screen.row(rowHint + 1); text != "Use port 8890" || !enabled {
			t.Fatalf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		s.clickOn(rowHint + 1)
		if got := <-s.runtime.asked; got != "usePort:8890 default" {
			t.Errorf("asked to %s", got)
		}
		s.runtime.answer <- nil
		synctest.Wait()
		s.requests <- Request{Act: problem.Act{Name: problem.ActUsePort, Port: 8891}}
		if got := <-s.runtime.asked; got != "usePort:8891 default" {
			t.Errorf("the button asked to %s", got)
		}
	})
}

// TestUpdate is a row, which a notification's button does, too.
func TestUpdate(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		now := snapshot(runtime.Ready)
		now.Ours, now.NewerImage = true, "sha256:new"
		now.Engine.Features.Update = true
		s.overviews <- seen(now)
		synctest.Wait()
		row := slices.IndexFunc(s.screen.Rows[:], func(r Row) bool { return r.Text == "Update to the newer image" })
		if row < 0 {
			t.Fatalf("the menu says %+v", s.screen.Rows)
		}
		s.clickOn(row)
		if got := <-s.runtime.asked; got != "update default" {
			t.Errorf("asked to %s", got)
		}
		s.newer = true
		s.runtime.answer <- nil
		synctest.Wait()
		if len(s.told) != 0 {
			t.Errorf("of an update it tells %q", s.told)
		}
		s.requests <- Request{Act: problem.Act{Name: problem.ActUpdate}}
		if got := <-s.runtime.asked; got != "update default" {
			t.Errorf("the button asked to %s", got)
		}
		s.newer = false
		s.runtime.answer <- nil
		synctest.Wait()
		said := now.Runtime + " is up to date"
		if !slices.Equal(s.told, []string{said + "|"}) || !s.screen.is(rowStatus, said) {
			t.Errorf("of nothing newer it tells %q, and the menu says %+v", s.told, s.screen.Rows[:rowStart])
		}
	})
}

func TestCopyCommand(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		now := snapshot(runtime.NoEngine)
		now.Problem = &problem.Problem{Code: problem.Permission, Short: "You may not use Docker", Hint: "Join the group.", Command: "sudo usermod -aG docker $USER"}
		s.overviews <- seen(now)
		synctest.Wait()
		if text, _ := s.screen.row(rowHint + 1); text != "Copy: sudo usermod -aG docker $USER" {
			t.Fatalf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		s.clickOn(rowHint + 1)
		if !slices.Equal(s.copied, []string{now.Problem.Command}) || !s.screen.is(rowStatus, "The command is copied") {
			t.Errorf("copied %q, and the menu says %+v", s.copied, s.screen.Rows[:rowStart])
		}
	})
}

// TestStartWithoutEngine leads to where an engine comes from.
func TestStartWithoutEngine(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.Guide = func(context.Context) error { s.opened = append(s.opened, "guide"); return nil }
		s.setState(runtime.NoEngine)
		s.clickOn(primaryClick)
		if got := <-s.runtime.asked; got != "start" || !slices.Equal(s.opened, []string{"guide"}) {
			t.Errorf("asked to %s, and opened %q", got, s.opened)
		}
	})
}

func TestNothingToDelete(t *testing.T) {
	for _, has := range []bool{true, false} {
		withApp(t, func(t *testing.T, s *appTest) {
			s.hasData = has
			s.setState(runtime.Absent)
			if _, enabled := s.screen.row(rowDelete); enabled != has {
				t.Errorf("with data %v Delete is enabled %v", has, enabled)
			}
		})
	}
}

// TestUndoDelete is offered as long as there is a backup, and nothing in its place.
func TestUndoDelete(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		s.CanUndoDelete = func(string) bool { return true }
		s.setState(runtime.Absent)
		s.menuOpened()
		synctest.Wait()
		row := slices.IndexFunc(s.screen.Rows[:], func(r Row) bool { return r.Text == "Undo delete" })
		if row < 0 {
			t.Fatalf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		s.clickOn(row)
		if got := <-s.runtime.asked; got != "undoDelete default" {
			t.Errorf("asked to %s", got)
		}
		s.setState(runtime.Ready)
		if s.screen.is(row, "Undo delete") {
			t.Error("it is offered while there is a runtime")
		}
	})
}

// TestRowsStay holds that no state and no problem moves a row of the menu itself.
func TestRowsStay(t *testing.T) {
	hidden := map[int]string{}
	for name, s := range viewInputs() {
		v := view(s)
		for i, row := range v.Rows[:len(entries)] {
			if entries[i].parent == 0 && row.Hidden {
				hidden[i] = name
			}
		}
	}
	if len(hidden) > 0 {
		t.Errorf("rows are hidden: %v", hidden)
	}
}
