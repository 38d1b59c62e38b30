package kubernetes

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"colabtray/internal/engine"
)

// readPod reads a pod as the API tells it.
func readPod(t *testing.T, name string) *pod {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "pods", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var p pod
	if err := json.Unmarshal(text, &p); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return &p
}

// recordWith returns the record of a container as the API tells it.
func recordWith(t *testing.T, run string) configMap {
	t.Helper()
	o, err := objectsOf(fullSpec(), engine.ImageConfig{}, fullSpec().Name)
	if err != nil {
		t.Fatal(err)
	}
	r := o.Record
	r.Metadata.UID, r.Metadata.CreationTimestamp = "5d5e", time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	if run != "" {
		r.Data[runKey] = run
	}
	return r
}

func at(text string) time.Time {
	t, err := time.Parse(time.TimeOnly, text)
	if err != nil {
		panic(err)
	}
	return time.Date(2026, 1, 2, t.Hour(), t.Minute(), t.Second(), 0, time.UTC)
}

func TestContainerOf(t *testing.T) {
	type want struct {
		running  bool
		waiting  engine.WaitingFor
		since    string
		said     string // is in what the cluster says
		started  string
		ended    string
		exitCode int
		oom      bool
		cause    engine.Cause
	}
	for name, want := range map[string]want{
		"no-gpu":           {running: true, waiting: engine.WaitingForGPU, since: "03:04:05", said: "2 Insufficient nvidia.com/gpu", started: "03:04:05"},
		"no-memory":        {running: true, waiting: engine.WaitingForRoom, since: "03:04:05", said: "Insufficient memory", started: "03:04:05"},
		"unbound":          {running: true, waiting: engine.WaitingForVolume, since: "03:04:05", said: "unbound immediate", started: "03:04:05"},
		"unscheduled":      {running: true, waiting: engine.WaitingForStart, since: "03:04:05", started: "03:04:05"},
		"creating":         {running: true, waiting: engine.WaitingForImage, since: "03:04:06", started: "03:04:05"},
		"filling":          {running: true, waiting: engine.WaitingForData, since: "03:04:08", started: "03:04:05"},
		"running":          {running: true, started: "03:04:09"},
		"terminating":      {running: true, started: "03:04:09"},
		"completed":        {started: "03:04:09", ended: "03:10:00"},
		"ended-well":       {started: "03:04:09", ended: "03:10:00", cause: engine.CauseDeleted},
		"failed":           {started: "03:04:09", ended: "03:10:00", exitCode: 3},
		"oom":              {started: "03:04:09", ended: "03:10:00", exitCode: 137, oom: true},
		"evicted":          {started: "03:04:09", ended: "03:10:00", exitCode: 137, cause: engine.CauseEvicted, said: "low on resource: memory"},
		"evicted-unknown":  {started: "03:04:05", ended: "03:10:00", exitCode: 137, cause: engine.CauseEvicted, said: "ephemeral-storage"},
		"preempted":        {started: "03:04:09", ended: "03:10:00", exitCode: 143, cause: engine.CausePreempted},
		"lost":             {started: "03:04:09", ended: "03:10:00", exitCode: 137, cause: engine.CauseLost},
		"image-backoff":    {started: "03:04:05", ended: "03:04:06", exitCode: 137, cause: engine.CauseImage, said: "Back-off pulling image"},
		"image-root":       {started: "03:04:05", ended: "03:04:06", exitCode: 137, cause: engine.CauseNotMade, said: "image will run as root"},
		"fill-failed":      {started: "03:04:07", ended: "03:04:08", exitCode: 1, cause: engine.CauseNotFilled},
		"read-only":        {started: "03:04:07", ended: "03:04:08", exitCode: 77, cause: engine.CauseReadOnly},
		"terminated-early": {started: "03:04:09", ended: "03:10:00", exitCode: 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, err := containerOf(recordWith(t, `{"pod":"other"}`), nil, readPod(t, name))
			if err != nil {
				t.Fatal(err)
			}
			got := c.CauseSaid
			if (c.Waiting != nil) != (want.waiting != "") {
				t.Fatalf("it waits: %+v", c.Waiting)
			}
			if c.Waiting != nil {
				got = c.Waiting.Said
				if c.Waiting.For != want.waiting || !c.Waiting.Since.Equal(at(want.since)) {
					t.Errorf("it waits for %+v", c.Waiting)
				}
			}
			if !strings.Contains(got, want.said) || want.said == "" && got != "" {
				t.Errorf("the cluster says %q", got)
			}
			var ended time.Time
			if want.ended != "" {
				ended = at(want.ended)
			}
			if c.Running != want.running || !c.StartedAt.Equal(at(want.started)) || !c.EndedAt.Equal(ended) || c.ExitCode != want.exitCode || c.OOMKilled != want.oom || c.Cause != want.cause {
				t.Errorf("the container is %+v", c)
			}
			if !c.Ours() || c.GatewayPort() != 0 || c.Ports[8888] != 8888 || c.ID != "local-jupyter-runtime@5d5e" || !c.HasVolumeAt("local-jupyter-runtime-data", "/home/jovyan") {
				t.Errorf("the container is %+v", c)
			}
		})
	}
}

// TestStoppedHere: a pod that ends because it was stopped here has no cause.
func TestStoppedHere(t *testing.T) {
	p := readPod(t, "ended-well")
	c, err := containerOf(recordWith(t, `{"pod":"`+p.Metadata.UID+`","stopping":true}`), nil, p)
	if err != nil || c.Running || c.Cause != "" || !c.Stopping {
		t.Errorf("the container is %+v, %v", c, err)
	}
}

// TestWithoutPod: what a record alone tells.
func TestWithoutPod(t *testing.T) {
	for name, test := range map[string]struct {
		run   string
		holds func(engine.Container) bool
	}{
		"never started": {"", func(c engine.Container) bool { return c.StartedAt.IsZero() && c.EndedAt.IsZero() && c.Cause == "" }},
		"stopped": {
			`{"pod":"u","stopping":true,"started":"2026-01-02T03:04:09Z","ended":"2026-01-02T03:10:00Z","exitCode":143}`,
			func(c engine.Container) bool {
				return c.StartedAt.Equal(at("03:04:09")) && c.EndedAt.Equal(at("03:10:00")) && c.ExitCode == 143 && c.Cause == ""
			},
		},
		"being stopped when this program was killed": {
			`{"pod":"u","stopping":true,"started":"2026-01-02T03:04:09Z"}`,
			func(c engine.Container) bool { return c.Cause == "" && c.ExitCode == 0 && c.Stopping },
		},
		"deleted by somebody else": {
			`{"pod":"u","started":"2026-01-02T03:04:05Z"}`,
			func(c engine.Container) bool {
				return c.Cause == engine.CauseDeleted && c.ExitCode == killed && !c.Stopping
			},
		},
		"the wait was given up": {`{"pod":"u","stopping":true}`, func(c engine.Container) bool { return c.StartedAt.IsZero() && c.Cause == "" }},
	} {
		c, err := containerOf(recordWith(t, test.run), nil, nil)
		if err != nil || c.Running || !c.Exists || !test.holds(c) {
			t.Errorf("%s: %+v, %v", name, c, err)
		}
	}
	for _, key := range []string{recordKey, podKey, runKey} {
		r := recordWith(t, "")
		r.Data[key] = "no JSON"
		if c, err := containerOf(r, nil, nil); err == nil {
			t.Errorf("with a broken %s it is %+v", key, c)
		}
	}
}

func TestSecretIsEnvironment(t *testing.T) {
	c, err := containerOf(recordWith(t, ""), &secretObject{Data: map[string][]byte{"JUPYTER_TOKEN": []byte("s3cret"), "A": []byte("b")}}, nil)
	if err != nil || strings.Join(c.Env, " ") != "A=b JUPYTER_TOKEN=s3cret" {
		t.Errorf("the environment is %q, %v", c.Env, err)
	}
}

func TestStoppedRun(t *testing.T) {
	now := at("04:00:00")
	if run := stoppedRun(*readPod(t, "failed"), now); run.ExitCode != 3 || !run.Ended.Equal(at("03:10:00")) || run.Cause != "" || !run.Stopping {
		t.Errorf("a pod that told of its end: %+v", run)
	}
	if run := stoppedRun(*readPod(t, "running"), now); run.ExitCode != killed || !run.Ended.Equal(now) || !run.Started.Equal(at("03:04:09")) {
		t.Errorf("a pod that did not: %+v", run)
	}
	if run := stoppedRun(*readPod(t, "no-gpu"), now); !run.Started.IsZero() || !run.Ended.IsZero() {
		t.Errorf("a pod that never ran: %+v", run)
	}
}

func TestActionsOf(t *testing.T) {
	none := pod{}
	running, terminating, failed, waiting := *readPod(t, "running"), *readPod(t, "terminating"), *readPod(t, "failed"), *readPod(t, "no-gpu")
	for name, test := range map[string]struct {
		before  pod
		had     bool
		now     pod
		deleted bool
		want    string
	}{
		"made":              {none, false, waiting, false, "start"},
		"runs":              {waiting, true, running, false, "update"},
		"is stopped":        {running, true, terminating, false, "kill"},
		"goes":              {terminating, true, terminating, true, "die"},
		"goes at once":      {running, true, terminating, true, "kill die"},
		"ends by itself":    {running, true, failed, false, "die"},
		"what ended goes":   {failed, true, failed, true, "update"},
		"another in place":  {failed, true, other(running), false, "start"},
		"nothing that ends": {running, true, running, false, "update"},
	} {
		if got := strings.Join(actionsOf(test.before, test.had, test.now, test.deleted), " "); got != test.want {
			t.Errorf("%s: %q, not %q", name, got, test.want)
		}
	}
}

func other(p pod) pod {
	p.Metadata.UID = "another"
	return p
}

func TestWords(t *testing.T) {
	long := words(strings.Repeat("ä", 5000))
	if len(long) > maxWords+10 || !strings.HasSuffix(long, "…") {
		t.Errorf("%d bytes", len(long))
	}
	if got := words("a\x1b[31m\nb\tc"); strings.ContainsAny(got, "\x1b\n\t") {
		t.Errorf("%q", got)
	}
}
