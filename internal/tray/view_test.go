package tray

import (
	"cmp"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"colabtray/assets"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/internal/secret"
)

var update = flag.Bool("update", false, "write the golden files anew")

// secretToken is the token in every input of the tests: it must be seen nowhere.
const secretToken = "5ec2e7b0a71d"

// snapshot makes a snapshot as the manager would.
func snapshot(state runtime.State) runtime.Snapshot {
	s := runtime.Snapshot{
		Rev: 7, State: state, Since: time.Date(2026, 11, 25, 14, 2, 11, 0, time.Local), Profile: "default", Runtime: "local-jupyter-runtime",
		Image: "quay.io/jupyter/base-notebook", Port: 8888,
	}
	s.Engine.Features = engine.Features{Replace: true, Update: true, Data: true, Stats: true, IdleStop: true, Shell: true, Packages: true}
	switch state {
	case runtime.Unknown:
		s.Engine.Name = "Docker"
	case runtime.Ready:
		s.URL = jupyter.NewBackendURL(8888, secret.New(secretToken))
	case runtime.Pulling:
		s.Progress = engine.Progress{LayersDone: 3, Layers: 9, Bytes: 120_400_000, Total: 511_900_000}
	case runtime.NoEngine:
		s.Problem = &problem.Problem{
			Code: problem.NoEngine, Short: "Docker does not answer",
			Hint: "Nothing listens at /var/run/docker.sock.\nStart Docker.",
		}
	case runtime.Unhealthy:
		s.Problem = &problem.Problem{Code: problem.NoAnswer, Short: "Jupyter does not answer", Hint: "The logs may say why."}
	case runtime.Paused:
		s.Problem = &problem.Problem{
			Code: problem.Paused, Short: "The runtime is paused", Hint: "Let it go on to use it.", Command: "colab-tray start",
		}
	case runtime.Failed:
		s.Problem = &problem.Problem{
			Code: problem.PortInUse, Short: "Port 8888 is in use",
			Hint: "python3 (process 42) has it. Close it, or choose another port.", Command: "colab-tray --port 8889 start",
		}
	}
	return s
}

// seen is an overview of one runtime.
func seen(s runtime.Snapshot) runtime.Overview {
	return runtime.Overview{Current: s.Profile, Runtimes: []runtime.Snapshot{s}}
}

// The numbers of rows that tests look at.
var (
	rowStatus          = 0
	rowHint            = 1
	rowStart           = rowOf(Start)
	rowStop            = rowOf(Stop)
	rowRestart         = rowOf(Restart)
	rowCopyURL         = rowOf(CopyURL)
	rowOpenColab       = rowOf(OpenColab)
	rowCheck           = rowOf("check")
	rowRuntimes        = rowOf("runtimes")
	rowProfile         = rowRuntimes + 1
	rowMoreProfiles    = rowProfile + maxProfileRows
	rowShowLogs        = rowOf(ShowLogs)
	rowSettings        = rowOf("settings")
	rowStartAtLogin    = rowOf("startAtLogin")
	rowKeepURL         = rowOf("keepURL")
	rowDelete          = rowOf("delete")
	rowDeleteData      = rowOf("deleteData")
	rowConfirmDelete   = rowOf(confirmDelete)
	rowConfirmData     = rowOf(confirmDeleteData)
	rowAbout           = rowQuit - 1
	rowQuit            = rowOf(Quit)
	rowDeleteContainer = rowOf("deleteContainer")
)

// rowOf is the number of the first row of an action.
func rowOf(action Action) int {
	return slices.IndexFunc(entries, func(e entry) bool { return e.action == action })
}

// fleet is an overview of so many runtimes, of which one is current.
func fleet(n, current int) runtime.Overview {
	var o runtime.Overview
	states := runtime.States()
	for i := range n {
		s := snapshot(states[i%len(states)])
		s.Profile, s.Runtime = fmt.Sprintf("profile_%02d", i), fmt.Sprintf("runtime_%02d", i)
		o.Runtimes = append(o.Runtimes, s)
	}
	o.Current = o.Runtimes[current].Profile
	return o
}

// viewInputs are what the golden files show, by name: each state, and what else
// can be seen in it.
func viewInputs() map[string]viewInput {
	all := make(map[string]viewInput)
	for _, state := range runtime.States() {
		all[state.String()] = viewInput{overview: seen(snapshot(state)), version: "1.2.3"}
	}
	pull := func(p engine.Progress) viewInput {
		s := snapshot(runtime.Pulling)
		s.Progress = p
		return viewInput{overview: seen(s)}
	}
	all["pulling-begins"] = pull(engine.Progress{})
	all["pulling-unknown-size"] = pull(engine.Progress{LayersDone: 1, Layers: 5})
	all["pulling-large"] = pull(engine.Progress{LayersDone: 4, Layers: 40, Bytes: 2_345_000_000, Total: 12_300_000_000})
	all["pulling-absurd"] = pull(engine.Progress{LayersDone: -1, Layers: 5, Bytes: 9e18, Total: 1})

	elsewhere := snapshot(runtime.Stopped)
	elsewhere.Engine.Name, elsewhere.Engine.Version, elsewhere.Engine.Found = "Docker", "28.5.2", "context colima"
	all["stopped-elsewhere"] = viewInput{overview: seen(elsewhere)}

	gpubox := engine.Info{Name: "Docker", Machine: "gpubox", Host: "ssh://gpubox", Found: "engine"}
	onBox := func(state runtime.State) runtime.Snapshot {
		s := snapshot(state)
		gpubox.Features = s.Engine.Features
		s.Engine = gpubox
		return s
	}
	all["ready-on-box"] = viewInput{overview: seen(onBox(runtime.Ready))}
	all["failed-on-box"] = viewInput{overview: seen(onBox(runtime.Failed))}
	repaired := onBox(runtime.Ready)
	repaired.Reconnecting = time.Date(2026, 11, 25, 18, 30, 0, 0, time.Local)
	all["ready-reconnecting"] = viewInput{overview: seen(repaired)}
	onCluster := func(state runtime.State) runtime.Snapshot {
		s := snapshot(state)
		s.Engine = engine.Info{Name: "Kubernetes", Machine: "gpu-cluster", Host: "kubernetes://gpu-cluster", Found: engine.FoundInSetting, Features: engine.Features{Replace: true, IdleStop: true, Cluster: true}}
		return s
	}
	all["ready-on-cluster"] = viewInput{overview: seen(onCluster(runtime.Ready))}
	unused := onCluster(runtime.Ready)
	unused.IdleStopAt, unused.FreesGPU = time.Date(2026, 11, 25, 18, 30, 0, 0, time.Local), true
	all["ready-idle-on-cluster"] = viewInput{overview: seen(unused)}
	waiting := onCluster(runtime.Waiting)
	waiting.Waiting = engine.Waiting{For: engine.WaitingForRoom, Since: waiting.Since}
	all["waiting-for-room"] = viewInput{overview: seen(waiting)}
	waiting.Waiting.For = engine.WaitingForVolume
	all["waiting-for-volume"] = viewInput{overview: seen(waiting)}
	waiting.Waiting.For = engine.WaitingForGPU
	all["waiting-on-cluster"] = viewInput{overview: seen(waiting)}
	waiting.Waiting = engine.Waiting{For: engine.WaitingForGPU, Since: waiting.Since, Said: "0/12 nodes are available: 4 node(s) had untolerated taint {\"maintenance\": \"yes\"}, 8 Insufficient nvidia.com/gpu."}
	all["waiting-said"] = viewInput{overview: seen(waiting)}
	evicted := onCluster(runtime.Failed)
	evicted.Problem = &problem.Problem{Code: problem.Evicted, Short: "The runtime was ended: its computer ran short of memory or disk", Hint: "The data are kept. Start it again."}
	all["failed-on-cluster"] = viewInput{overview: seen(evicted)}
	away := onBox(runtime.NoEngine)
	away.Problem = &problem.Problem{
		Code: problem.NoEngine, Short: "gpubox cannot be reached", Hint: "There is no way to it at the moment.", Command: "ssh gpubox",
	}
	away.Profile = "gpu"
	all["profiles-two-engines"] = viewInput{overview: runtime.Overview{Current: "default", Runtimes: []runtime.Snapshot{snapshot(runtime.Ready), away}}}
	away.Reconnecting = repaired.Reconnecting
	all["noengine-reconnecting"] = viewInput{overview: seen(away)}

	ready := snapshot(runtime.Ready)
	all["ready-copied"] = viewInput{overview: seen(ready), message: actionMessage{short: "Ready: the Backend URL is copied", hint: "Paste it"}}
	all["ready-checking"] = viewInput{overview: seen(ready), message: actionMessage{short: "Checking…"}, busy: map[Action]bool{"check": true, ShowLogs: true}}
	idle := ready
	idle.IdleStopAt = time.Date(2026, 11, 25, 18, 30, 0, 0, time.Local)
	all["ready-idle"] = viewInput{overview: seen(idle)}
	idled := snapshot(runtime.Stopped)
	idled.IdleStopped, idled.Since = true, idle.IdleStopAt
	all["stopped-idle"] = viewInput{overview: seen(idled)}
	changed := ready
	changed.URLChanged = true
	all["ready-changed"] = viewInput{overview: seen(changed)}
	unstopped := ready
	unstopped.Problem = &problem.Problem{Code: problem.EngineFailed, Short: "The runtime could not be stopped", Hint: "Try again."}
	all["ready-not-stopped"] = viewInput{overview: seen(unstopped)}

	warned := ready
	warned.Warnings = []*problem.Problem{
		{Short: "Others on the network can reach the runtime", Hint: "Whoever has the token can use it.", Command: "docker rm x"},
	}
	all["ready-warned"] = viewInput{overview: seen(warned)}
	warned.Warnings = append(warned.Warnings, &problem.Problem{Short: "A lesser one", Hint: "More of it."})
	all["ready-warned-twice"] = viewInput{overview: seen(warned)}

	died := snapshot(runtime.Failed)
	died.Problem = &problem.Problem{
		Code: problem.DiedStarting, Short: "The runtime ended while it was starting",
		Hint: "The last it wrote was:\n\nTraceback (most recent call last):\nOSError: No space left on device",
	}
	all["failed-died"] = viewInput{overview: seen(died)}

	long := snapshot(runtime.Failed)
	long.Problem = &problem.Problem{
		Code:  problem.ImageNotFound,
		Short: "There is no image us-docker.pkg.dev/colab_images/public/a_very_long_name/" + strings.Repeat("and_so_on/", 20) + "runtime:latest",
		Hint:  "R&D_image 𝔸𝔸𝔸\u202e \x1b[31mred\x07\tand\u00a0gaps   " + strings.Repeat("𝔸", 200) + "\nsecond line",
	}
	all["failed-long"] = viewInput{overview: seen(long)}

	again := snapshot(runtime.Starting)
	again.LastStart = 12 * time.Second
	all["starting-again"] = viewInput{overview: seen(again)}
	builtIn := snapshot(runtime.Absent)
	builtIn.Profile = "jupyter"
	all["absent-jupyter"] = viewInput{overview: seen(builtIn)}

	toApply := ready
	toApply.RestartToApply = true
	all["ready-to-apply"] = viewInput{overview: seen(toApply)}
	noGPU := snapshot(runtime.Failed)
	noGPU.Problem = &problem.Problem{Code: problem.GPU, Short: "There is no GPU for containers", Hint: "The NVIDIA driver is missing."}
	updated := snapshot(runtime.Ready)
	updated.PreviousImage = true
	newer := updated
	newer.Ours, newer.NewerImage = true, "sha256:new"
	all["ready-newer-image"] = viewInput{overview: seen(newer)}
	all["ready-updated"] = viewInput{overview: seen(updated)}
	all["failed-no-gpu"] = viewInput{overview: seen(noGPU)}

	all["profiles"] = viewInput{overview: fleet(10, 7), set: map[Action]bool{"startAtLogin": true, "keepURL": true}}
	all["profiles-too-many"] = viewInput{overview: fleet(30, 27)}
	all["profiles-just-fit"] = viewInput{overview: fleet(maxProfileRows, maxProfileRows-1)}
	attention := fleet(3, 0)
	attention.Runtimes[0] = snapshot(runtime.Ready)
	attention.Current = attention.Runtimes[0].Profile
	attention.Runtimes[1].State, attention.Runtimes[1].Problem = runtime.Failed, snapshot(runtime.Failed).Problem
	all["profiles-attention"] = viewInput{overview: attention}
	broken := fleet(2, 1)
	broken.Settings = &problem.Problem{
		Code: problem.Settings, Short: "The settings file has a mistake in line 3",
		Hint: "profiles.jupyter.port: it has to be a whole number, without quotes. The settings from before are in force.",
	}
	all["settings-broken"] = viewInput{overview: broken}
	broken.Runtimes = []runtime.Snapshot{snapshot(runtime.Failed)}
	broken.Current = broken.Runtimes[0].Profile
	all["settings-broken-failed"] = viewInput{overview: broken}

	stopped := seen(snapshot(runtime.Stopped))
	all["delete-pending"] = viewInput{overview: stopped, pendingDelete: pendingDelete{profile: "default", size: 1_312_000_000}}
	all["delete-pending-unknown"] = viewInput{overview: stopped, pendingDelete: pendingDelete{profile: "default", size: -1}}
	all["delete-pending-empty"] = viewInput{overview: stopped, pendingDelete: pendingDelete{profile: "default", size: 0}}
	handmade := snapshot(runtime.Ready)
	handmade.Container, handmade.Unsaved = "0f0f", "/home/jovyan"
	handmade.Warnings = []*problem.Problem{runtime.UnsavedWarning(config.Default(), handmade)}
	all["ready-unsaved"] = viewInput{overview: seen(handmade)}
	all["delete-pending-container"] = viewInput{overview: seen(handmade), pendingDelete: pendingDelete{profile: "default", size: 4_200_000, container: true}}
	handmade.Unsaved, handmade.Warnings = "", nil
	all["delete-pending-container-empty"] = viewInput{overview: seen(handmade), pendingDelete: pendingDelete{profile: "default", container: true}}
	earlier := snapshot(runtime.Ready)
	earlier.Container, earlier.Ours, earlier.Unsaved, earlier.RestartToApply = "0f0f", true, "/tf", true
	earlier.Warnings = []*problem.Problem{runtime.UnsavedWarning(config.Default(), earlier)}
	all["ready-unsaved-earlier"] = viewInput{overview: seen(earlier)}
	all["deleting"] = viewInput{overview: stopped, busy: map[Action]bool{confirmDeleteData: true}}
	return all
}

// written is a view as the golden files have it.
func written(v View) string {
	var b strings.Builder
	icons := map[assets.State]string{
		assets.NoEngine: "no engine", assets.Stopped: "stopped", assets.Busy: "busy", assets.Ready: "ready", assets.Paused: "paused", assets.Problem: "problem",
	}
	fmt.Fprintf(&b, "icon     %s\ntooltip  %s\nclick    %s\n", icons[v.Icon], v.Tooltip, spaced(v.Primary))
	var list func(parent int, margin string)
	list = func(parent int, margin string) {
		for i, row := range v.Rows[:len(entries)] {
			if i == 0 && parent != 0 || entries[i].parent != parent {
				continue
			}
			if entries[i].line {
				b.WriteString(margin + "---------\n")
			}
			checkable, what := "", ""
			if entries[i].checked != nil {
				checkable = map[bool]string{true: "[x] ", false: "[ ] "}[row.Checked]
			}
			if row.Profile != "" {
				what = " " + row.Profile
			}
			switch {
			case row.Hidden:
				continue
			case row.Disabled:
				fmt.Fprintf(&b, "%s       . %s%s\n", margin, checkable, row.Text)
			case row.Action == Nothing:
				fmt.Fprintf(&b, "%s       + %s\n", margin, row.Text)
			default:
				fmt.Fprintf(&b, "%s       > %s%s (%s%s)\n", margin, checkable, row.Text, spaced(row.Action), what)
			}
			if i != 0 {
				list(i, margin+"        ")
			}
		}
	}
	list(0, "")
	return b.String()
}

// spaced is the name of an action as the golden files have it.
func spaced(action Action) string {
	words := regexp.MustCompile("([a-z])([A-Z])").ReplaceAllString(string(action), "$1 $2")
	return cmp.Or(strings.ToLower(words), "nothing")
}

// TestEntries holds that the rows fit into a view, and that each text for a row
// belongs to one.
func TestEntries(t *testing.T) {
	if len(entries) > rows {
		t.Errorf("%d rows do not fit into a view of %d", len(entries), rows)
	}
	other := []string{ // texts of rows that say one thing or another
		"restartToApply", "updateNewer", "moreProfiles", "free", "freeGPU", "deleteContainerAsking", "continue", "copyCommand", "quitRunning", "quitStopping",
		"confirm", "confirmUnknown", "confirmNothing", "confirmContainer", "confirmContainerSaving",
	}
	message, progressText := i18n.Table("tray.row"), i18n.Table("tray.meanwhile")
	for _, e := range entries {
		if e.text == nil && message[string(e.action)] == "" || e.progressText && progressText[string(e.action)] == "" {
			t.Errorf("%s has no text", e.action)
		}
		if e.text == nil || e.action == Restart || e.action == Update || e.action == Start || e.action == Quit || e.action == "deleteContainer" {
			delete(message, string(e.action))
		}
		if e.progressText {
			delete(progressText, string(e.action))
		}
	}
	for _, name := range other {
		delete(message, name)
	}
	if len(message) > 0 || len(progressText) > 0 {
		t.Errorf("no row says %v %v", message, progressText)
	}
}

// TestWhatTheEngineLacks holds that no row offers it.
func TestWhatTheEngineLacks(t *testing.T) {
	now := snapshot(runtime.Stopped)
	if view(viewInput{overview: seen(now)}).Rows[rowDeleteData].Hidden {
		t.Error("the data cannot be deleted")
	}
	now.Engine.Features = engine.Features{}
	if !view(viewInput{overview: seen(now)}).Rows[rowDeleteData].Hidden {
		t.Error("the data could be deleted, which the engine cannot do")
	}
}

func TestViews(t *testing.T) {
	for name, s := range viewInputs() {
		t.Run(name, func(t *testing.T) {
			got := written(view(s))
			path := filepath.Join("testdata", name+".golden")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestEveryViewIsFitToBeShown(t *testing.T) {
	for name, s := range viewInputs() {
		v := view(s)
		all := fmt.Sprintf("%+v", v)
		if strings.Contains(all, secretToken) {
			t.Errorf("%s shows the token: %s", name, all)
		}
		if n := len(utf16.Encode([]rune(v.Tooltip))); n > 120 {
			t.Errorf("the tooltip of %s has %d UTF-16 units", name, n)
		}
		if !utf8.ValidString(all) || strings.ContainsAny(all, "\n\r\t\x07\x1b\x7f\u009b\u200b\u2028\u202e\u2066") {
			t.Errorf("%s has characters that do not belong into a menu: %q", name, all)
		}
		for i, row := range v.Rows[:len(entries)] {
			if row.Text == "" && !row.Hidden {
				t.Errorf("row %d of %s is empty", i, name)
			}
			if row.Action == Nothing && !row.Disabled && !row.Hidden && !slices.Contains([]int{rowRuntimes, rowSettings, rowDelete, rowOf("notebooks")}, i) {
				t.Errorf("row %d of %s can be chosen and does nothing", i, name)
			}
		}
	}
}

func TestCut(t *testing.T) {
	for _, test := range []struct {
		text  string
		units int
		want  string
	}{
		{"", 3, ""},
		{"abc", 3, "abc"},
		{"abcd", 3, "ab…"},
		{"a bcd", 3, "a…"},
		{"𝔸𝔸", 4, "𝔸𝔸"},
		{"𝔸𝔸", 3, "𝔸…"},
		{"a𝔸𝔸", 4, "a𝔸…"},
		{"äöü", 2, "ä…"},
	} {
		if got := cut(test.text, test.units); got != test.want {
			t.Errorf("cut(%q, %d) is %q, want %q", test.text, test.units, got, test.want)
		}
	}
}

func TestWrapped(t *testing.T) {
	for _, test := range []struct {
		text string
		want []string
	}{
		{"", nil},
		{"one", []string{"one"}},
		{"one two three", []string{"one two", "three"}},
		{"one two 3 four five six seven", []string{"one two 3", "four five", "six seven"}},
		{"one two 3 four five six seven eight", []string{"one two 3", "four five", "six seven…"}},
		{"one two three\nsay so", []string{"one two", "three", "say so"}},
		{"one two three four\nsay so", []string{"one two", "three four", "say so"}},
		{"\nsay so", []string{"say so"}},
		{"averyverylongword and more", []string{"averyvery…", "and more"}},
		{"exactly 10 is exact", []string{"exactly 10", "is exact"}},
		{"𝔸𝔸𝔸𝔸 𝔸 b", []string{"𝔸𝔸𝔸𝔸", "𝔸 b"}},
	} {
		got := wrapped(test.text, 10, 3)
		if !slices.Equal(got, test.want) {
			t.Errorf("%q is wrapped as %q, want %q", test.text, got, test.want)
		}
	}
}

func TestAccessKeysAreDoubled(t *testing.T) {
	const text = "R&D_image __x && y"
	for key, want := range map[string]string{
		"_": "R&D__image ____x && y", // Linux
		"&": "R&&D_image __x &&&& y", // Windows
		"":  text,                    // macOS
	} {
		if got := escapeAmpersands(text, key); got != want {
			t.Errorf("with the access key %q: %q, want %q", key, got, want)
		}
	}
}
