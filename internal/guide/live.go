package guide

import (
	"context"
	"net/http"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/gpu"
	"colabtray/internal/i18n"
	"colabtray/internal/install"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// state is the event "state" of the page. It never contains the token.
type state struct {
	State    string          `json:"state"`
	Title    string          `json:"title"` // the name of the state, for people
	Hint     string          `json:"hint"`  // what the state means
	Since    time.Time       `json:"since"`
	Profile  string          `json:"profile"`
	Runtime  string          `json:"runtime"`
	Image    string          `json:"image"`
	Port     int             `json:"port"`
	Engine   string          `json:"engine"`
	Machine  string          `json:"machine"` // another one, on which the engine is; empty for this computer
	URL      int             `json:"url"`     // a number that changes with the Backend URL; 0 for none
	Host     string          `json:"host"`    // the host of the Backend URL
	Can      verbs           `json:"can"`
	Offers   offers          `json:"offers"`
	Runs     bool            `json:"runs"`
	Progress *progress       `json:"progress"`
	Problem  *actionMessage  `json:"problem"`
	Warnings []actionMessage `json:"warnings"`
	Newer    bool            `json:"newer"` // there is a newer image
	Message  *actionMessage  `json:"message"`
	Acts     []actButton     `json:"acts"`
	Install  *install.Help   `json:"install"`
}

// verbs tells which actions are possible in the present state.
type verbs struct {
	Start    bool `json:"start"`
	Continue bool `json:"continue"`
	Stop     bool `json:"stop"`
	Restart  bool `json:"restart"`
	Connect  bool `json:"connect"`
	Check    bool `json:"check"`

	Update     bool `json:"update"`
	UndoUpdate bool `json:"undoUpdate"`
}

// offers tells which sections of the page make sense with the engine.
type offers struct {
	Data     bool `json:"data"`
	Folders  bool `json:"folders"`
	Packages bool `json:"packages"`
	Ports    bool `json:"ports"`
	Update   bool `json:"update"`
}

// offersOf returns what the page offers with an engine of these features.
func offersOf(f engine.Features) offers {
	return offers{Data: f.Data, Folders: !f.Cluster, Packages: f.Packages, Ports: !f.Cluster, Update: f.Update}
}

type progress struct {
	LayersDone int   `json:"layersDone"`
	Layers     int   `json:"layers"`
	Bytes      int64 `json:"bytes"`
	Total      int64 `json:"total"`
}

// usage is the event "usage" of the page: CPU in cores, memory in bytes, disk and
// network in bytes a second.
type usage struct {
	CPU         float64 `json:"cpu"`
	CPUs        int     `json:"cpus"`
	Memory      uint64  `json:"memory"`
	MemoryLimit uint64  `json:"memoryLimit"`
	DiskRead    float64 `json:"diskRead"`
	DiskWrite   float64 `json:"diskWrite"`
	HasDisk     bool    `json:"hasDisk"`
	Received    float64 `json:"received"`
	Sent        float64 `json:"sent"`
	HasNetwork  bool    `json:"hasNetwork"`
}

// gpuUsage is the event "gpu" of the page: busy from 0 to 1, memory in bytes.
type gpuUsage struct {
	Busy        float64 `json:"busy"`
	Memory      uint64  `json:"memory"`
	MemoryTotal uint64  `json:"memoryTotal"`
}

// state returns the page's state for a snapshot, and a channel that is closed when
// the message in it changes.
func (g *Guide) state(s runtime.Snapshot) (now state, updated <-chan struct{}) {
	now = state{
		State: s.State.String(), Since: s.Since, Profile: s.Profile, Runtime: s.Runtime, Image: s.Image, Port: s.Port, Machine: i18n.Line(s.Engine.Elsewhere()),
		Title: s.Say(runtime.WordTitle), Hint: s.Say(runtime.WordHint), Host: s.URL.Host(), Warnings: []actionMessage{}, Acts: g.actButtons(s),
		Newer: s.NewerImage != "",
	}
	switch {
	case !s.Reconnecting.IsZero(): // that is all there is to say
	case s.State == runtime.Absent:
		now.Hint = i18n.Sentences(now.Hint, s.About())
	default:
		now.Hint = i18n.Sentences(now.Hint, s.StartProgress())
	}
	can := s.State
	now.Can = verbs{can.CanStart(), can.CanContinue(), can.CanStop(), can.CanRestart(), can.CanConnect(), can.CanCheck(), can.CanUpdate() && s.Engine.Features.Update, s.PreviousImage && can.CanUpdate()}
	now.Offers = offersOf(s.Engine.Features)
	now.Runs = s.State.Runs()
	if s.Engine.Version != "" {
		now.Engine = s.Engine.Name + " " + s.Engine.Version
	}
	if s.State == runtime.Pulling {
		now.Progress = &progress{s.Progress.LayersDone, s.Progress.Layers, s.Progress.Bytes, s.Progress.Total}
	}
	if p := s.Problem; p != nil {
		now.Problem = &actionMessage{p.Short, p.Hint, p.Command}
		if (p.Code == problem.NoEngine || p.Code == problem.EngineTooOld) && !s.Engine.ChosenByUser() && s.Engine.Elsewhere() == "" {
			help := g.Install()
			now.Install = &help
		}
	}
	for _, w := range s.Warnings {
		now.Warnings = append(now.Warnings, actionMessage{w.Short, w.Hint, w.Command})
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if !s.URL.IsZero() {
		if s.URL != g.url {
			g.url = s.URL
			g.serial++
		}
		now.URL = g.serial
	}
	if g.message != nil && g.messageState == s.State && (now.Problem == nil || now.Problem.Short != g.message.Short) {
		now.Message = g.message
	}
	return now, g.updated
}

// live sends the state and the work at each change, with ?usage also the resource usage,
// with ?logs the output of the runtime, and with ?settings the revision of the settings
// file, until the request ends. What is absent is neither measured nor read.
func (s *session) live(w http.ResponseWriter, r *http.Request) {
	if !s.openStream() {
		http.Error(w, "too many pages are open", http.StatusServiceUnavailable)
		return
	}
	defer s.closeStream()
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	out := &stream{w: w, control: http.NewResponseController(w), cancel: cancel}

	g := s.guide
	snapshots := g.Runtime.Watch(ctx)
	var usages <-chan engine.Usage
	var cards <-chan gpu.Usage
	if r.URL.Query().Has("usage") {
		usages = g.Runtime.Stats(ctx)
		if g.Runtime.Snapshot().Engine.Local {
			cards = g.GPU(ctx)
		}
	}
	var lines <-chan output
	if r.URL.Query().Has("logs") {
		lines = follow(ctx, g.Runtime)
	}
	var revisions <-chan config.Revision
	if r.URL.Query().Has("settings") {
		revisions = config.Revisions(ctx, g.Settings.File())
	}
	var last runtime.Snapshot
	var updated <-chan struct{}
	var worked <-chan struct{}
	tellWork := func() {
		var now work
		if now, worked = g.worker.current(); now.Kind != "" {
			out.event("work", now)
		}
	}
	tellWork()
	tell := func() {
		var now state
		now, updated = g.state(last)
		out.event("state", now)
	}
	for {
		select {
		case <-ctx.Done():
			return
		case snapshot, open := <-snapshots:
			if !open {
				return
			}
			last = snapshot
			tell()
		case <-updated:
			tell()
		case <-worked:
			tellWork()
		case u, open := <-usages:
			if !open {
				usages = nil
				continue
			}
			out.event("usage", usage{u.CPU, u.CPUs, u.Memory, u.MemoryLimit, u.DiskRead, u.DiskWrite, u.HasDisk, u.Received, u.Sent, u.HasNetwork})
		case u, open := <-cards:
			if !open {
				cards = nil
				continue
			}
			out.event("gpu", gpuUsage{u.Busy, u.Memory, u.MemoryTotal})
		case o, open := <-lines:
			if !open {
				lines = nil
				continue
			}
			out.event("logs", o)
		case revision, open := <-revisions:
			if !open {
				revisions = nil
				continue
			}
			out.event("settings", revision)
		}
	}
}

func (s *session) openStream() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.streams == maxStreams {
		return false
	}
	s.streams++
	return true
}

func (s *session) closeStream() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.streams--
}
