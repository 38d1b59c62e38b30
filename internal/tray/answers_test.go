package tray

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// answer is what a person sees of a click.
type answer string

const (
	state        answer = "the state"        // the runtime does it, and its snapshots show that and what goes wrong
	window       answer = "a window"         // of another program, or the page
	notification answer = "a notification"   // and the status row says the same
	mark         answer = "the check mark"   // of the row
	otherRows    answer = "other rows"       // appear or go
	end          answer = "the icon's going" // the program ends
)

// click is what is seen of a click on an action, in a state in which it can be chosen, if
// all goes well and if not.
type click struct {
	in         runtime.State
	ok, failed answer
}

// answers has each action that a row or an act can have.
var answers = map[Action]click{
	Start: {runtime.Stopped, state, state}, Continue: {runtime.Paused, state, state}, Stop: {runtime.Ready, state, state},
	Restart: {runtime.Ready, state, state}, Update: {runtime.Ready, state, state}, "undoUpdate": {runtime.Ready, state, state}, "stopAll": {runtime.Ready, state, state},
	CopyURL: {runtime.Ready, notification, notification}, OpenColab: {runtime.Ready, window, notification}, "newNotebook": {runtime.Ready, window, notification},
	"openNotebook": {runtime.Ready, window, notification}, "forgetNotebooks": {runtime.Ready, otherRows, notification},
	"openJupyter": {runtime.Ready, window, notification}, "guide": {runtime.Ready, window, notification}, "check": {runtime.Ready, notification, notification},
	selectProfile: {runtime.Ready, mark, notification}, "openTerminal": {runtime.Ready, window, notification},
	"free": {runtime.Ready, notification, notification}, ShowLogs: {runtime.Ready, window, notification},
	"startAtLogin": {runtime.Ready, mark, notification}, "startAtOpen": {runtime.Ready, mark, notification}, "keepURL": {runtime.Ready, mark, notification},
	"stopOnQuit": {runtime.Ready, mark, notification}, "notifications": {runtime.Ready, mark, notification},
	"addFolder": {runtime.Ready, notification, notification}, "editSettings": {runtime.Ready, window, notification},
	"deleteContainer": {runtime.Stopped, state, state}, "deleteData": {runtime.Stopped, notification, notification},
	confirmDelete: {runtime.Stopped, state, state}, confirmDeleteData: {runtime.Stopped, state, state}, cancelDelete: {runtime.Stopped, otherRows, otherRows},
	Quit: {runtime.Ready, end, notification},

	"repair": {runtime.Ready, state, state}, "startWithoutGPU": {runtime.Failed, state, state}, "usePort": {runtime.Failed, state, state},
	"install": {runtime.NoEngine, window, notification}, "startDesktop": {runtime.NoEngine, notification, notification}, "usePodman": {runtime.NoEngine, notification, notification},
	"installDesktop": {runtime.NoEngine, window, notification}, "copyCommand": {runtime.Failed, notification, notification}, "keepRunning": {runtime.Ready, state, state},
	"undoDelete": {runtime.Absent, notification, notification}, "freeKernels": {runtime.Ready, notification, notification},
	tell: {runtime.Starting, notification, notification},
}

// TestEveryClickIsAnswered makes each click there is, with and without success, and later
// than it makes sense: something is seen of it each time.
func TestEveryClickIsAnswered(t *testing.T) {
	all := map[Action]bool{Continue: true, tell: true}
	for _, e := range entries {
		if e.do != nil && !strings.HasPrefix(string(e.action), "notebook") {
			all[e.action] = true
		}
	}
	for name := range i18n.Table("act") {
		all[Action(name)] = true
	}
	if want, got := slices.Sorted(maps.Keys(all)), slices.Sorted(maps.Keys(answers)); !slices.Equal(want, got) {
		t.Fatalf("the clicks there are: %q\nthose with an answer: %q", want, got)
	}
	for action, click := range answers {
		for _, failing := range []error{nil, errors.New("no such thing")} {
			want := click.ok
			if failing != nil {
				want = click.failed
			}
			t.Run(fmt.Sprint(action, failing), func(t *testing.T) {
				withApp(t, func(t *testing.T, s *appTest) {
					if got := s.answersTo(action, click.in, failing); !slices.Contains(got, want) {
						t.Errorf("the answer is %q, want %q", got, want)
					}
				})
			})
		}
	}
	for _, late := range []Action{Start, Stop, Restart, CopyURL, "keepRunning", "copyCommand", "startWithoutGPU", "repair", Continue} {
		t.Run("late "+string(late), func(t *testing.T) {
			withApp(t, func(t *testing.T, s *appTest) {
				if got := s.answersTo(late, runtime.Stopping, nil); !slices.Contains(got, notification) {
					t.Errorf("the answer is %q", got)
				}
			})
		})
	}
}

// kernelsThat is [Kernels] that fail, or are none.
type kernelsThat struct{ err error }

func (k kernelsThat) IdleKernels(context.Context, string) ([]runtime.Kernel, error) {
	return nil, k.err
}

func (k kernelsThat) ShutdownIdleKernels(context.Context, string) ([]runtime.Kernel, error) {
	return nil, k.err
}

// answersTo makes a click, and returns what is seen of it.
func (s *appTest) answersTo(action Action, in runtime.State, failing error) (seenOf []answer) {
	s.failing = failing
	windows := 0
	open := func(context.Context, string) error { windows++; return failing }
	openOne := func(context.Context) error { windows++; return failing }
	s.OpenURL, s.OpenText, s.OpenJupyter, s.OpenTerminal, s.Guide, s.EditSettings = open, open, open, open, openOne, openOne
	s.runtime.output = "output"
	if action == "showLogs" && failing != nil {
		s.runtime.output = ""
	}
	s.Kernels = kernelsThat{failing}
	s.AddFolder = func(context.Context, string) (string, string, error) {
		return "The folder is added", "Restart.", failing
	}
	s.UndoUpdate = func(ctx context.Context, profile string) error { return s.runtime.do(ctx, "undo "+profile) }
	s.StartAtLogin, s.StartAtOpen, s.StopOnQuit, s.Notifications = s.KeepURL, s.KeepURL, s.KeepURL, s.KeepURL
	for _, toggle := range []Action{"startAtLogin", "startAtOpen", "stopOnQuit", "notifications"} {
		s.viewInput.lacks[toggle] = false
	}
	s.Quit = openOne
	if action == "forgetNotebooks" {
		path := filepath.Join(s.LogDir, "recent.json")
		s.Recent = colab.NewRecent(path)
		if err := s.Recent.Add(colab.Notebook{Name: "a.ipynb", URL: "https://colab.research.google.com/github/a/b/blob/main/a.ipynb"}); err != nil {
			panic(err)
		}
		if failing != nil { // a folder with something in it cannot be removed
			s.Recent = colab.NewRecent(filepath.Dir(path))
		}
		s.menuOpened()
	}
	s.Act = func(ctx context.Context, profile string, act problem.Act) error {
		if act.Name == problem.ActInstallDesktop {
			windows++
			return failing
		}
		return s.runtime.do(ctx, act.String()+" "+profile)
	}
	now := snapshot(in)
	now.Ours, now.PreviousImage, now.Engine.Features.Update, now.Engine.Features.Data = true, true, true, true
	if in == runtime.Ready {
		now.IdleStopAt = time.Now().Add(time.Minute)
	}
	if now.Problem != nil && action == "copyCommand" {
		now.Problem.Command = "true"
	}
	s.overviews <- seen(now)
	synctest.Wait()
	switch action {
	case confirmDelete, confirmDeleteData, cancelDelete:
		s.clickOn(rowDeleteData)
		s.failing = nil
		s.size <- 5
		synctest.Wait()
		s.failing = failing
	case Quit:
		s.clickOn(rowQuit)
		select {
		case <-s.done:
			return []answer{end}
		default:
		}
	}
	before, told, opened := s.screen.View, len(s.told), windows
	if action != Quit {
		s.requests <- Request{Act: problem.Act{Name: problem.ActName(action)}}
		synctest.Wait()
	} else {
		told--
	}
	switch action {
	case "check":
		s.verdict <- "Colab can connect"
	case "deleteData":
		s.size <- 5
	}
	for len(s.runtime.asked) > 0 {
		<-s.runtime.asked
		seenOf = append(seenOf, state)
		s.runtime.answer <- failing
		synctest.Wait()
	}
	synctest.Wait()
	if len(s.told) > told {
		seenOf = append(seenOf, notification)
	}
	if windows > opened {
		seenOf = append(seenOf, window)
	}
	if len(s.selected) > 0 {
		seenOf = append(seenOf, mark)
	}
	for i, row := range s.screen.Rows {
		if row.Checked != before.Rows[i].Checked {
			seenOf = append(seenOf, mark)
		}
		if row.Hidden != before.Rows[i].Hidden {
			seenOf = append(seenOf, otherRows)
		}
	}
	return seenOf
}
