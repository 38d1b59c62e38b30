package runtime_test

import (
	"context"
	"errors"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

var noGPU = &engine.Waiting{For: engine.WaitingForGPU, Said: "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."}

// waits reports whether a runtime does that.
func waits(s runtime.Snapshot) bool { return s.State == runtime.Waiting }

// startScarce has a runtime be started on an engine that has no GPU free, and waits
// until it waits. The channel has what becomes of the start.
func startScarce(ctx context.Context, t *testing.T) (*memoryRuntime, <-chan error) {
	t.Helper()
	m := inMemory(t, itself)
	if err := m.engine.SetScarce(noGPU); err != nil {
		t.Fatal(err)
	}
	started := make(chan error, 1)
	go func() { started <- m.Start(ctx) }()
	m.until(waits)
	return m, started
}

// TestWaiting: a start that has to wait for a GPU is a state that says since when, and
// goes on by itself when there is one.
func TestWaiting(t *testing.T) {
	t.Parallel()
	m, started := startScarce(t.Context(), t)
	s := m.Snapshot()
	c, err := m.engine.Inspect(t.Context(), s.Runtime)
	if err != nil || !s.Since.Equal(c.Waiting.Since) || s.Waiting != *c.Waiting || s.Problem != nil || s.Waited != (engine.Waiting{}) {
		t.Errorf("it waits since %v for %+v, problem %+v; the engine has %+v, %v", s.Since, s.Waiting, s.Problem, c.Waiting, err)
	}
	select {
	case err := <-started:
		t.Fatalf("the start does not wait: %v", err)
	default:
	}
	if err := m.engine.SetScarce(nil); err != nil {
		t.Fatal(err)
	}
	if err := <-started; err != nil {
		t.Fatal(err)
	}
	if s = m.Snapshot(); s.State != runtime.Ready || s.Waiting != (engine.Waiting{}) || s.Waited != *c.Waiting {
		t.Errorf("it is %s, waits for %+v and waited for %+v", s.State, s.Waiting, s.Waited)
	}
	m.must(m.Stop)
	if s = m.must(m.Start); s.Waited != (engine.Waiting{}) {
		t.Errorf("the next start waited for %+v", s.Waited)
	}
}

// TestStopWaiting: a stop gives up the wait.
func TestStopWaiting(t *testing.T) {
	t.Parallel()
	m, started := startScarce(t.Context(), t)
	if s := m.must(m.Stop); s.State != runtime.Stopped {
		t.Errorf("it is %s, problem %+v", s.State, s.Problem)
	}
	if shown, is := (<-started).(*problem.Problem); !is || shown.Code != problem.Cancelled {
		t.Errorf("the start ended with %v", shown)
	}
	if err := m.engine.SetScarce(nil); err != nil {
		t.Fatal(err)
	}
	if s := m.must(m.Start); s.State != runtime.Ready {
		t.Errorf("it is %s", s.State)
	}
}

// TestAbandonedWait: who no longer waits for a start gives up its wait.
func TestAbandonedWait(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	m, started := startScarce(ctx, t)
	cancel()
	if err := <-started; !errors.Is(err, context.Canceled) {
		t.Errorf("the start ended with %v", err)
	}
	m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Stopped })
}

// TestRestartWaits: a restart with other settings waits as well, and one that is given up
// leaves the container of before.
func TestRestartWaits(t *testing.T) {
	t.Parallel()
	m := inMemory(t, itself)
	m.must(m.Start)
	restart := func(memory int64) (restarted <-chan error, before engine.Container) {
		t.Helper()
		before = m.Container()
		p := m.Profile()
		p.Memory = memory
		m.SetProfile(p)
		m.until(func(s runtime.Snapshot) bool { return s.RestartToApply })
		if err := m.engine.SetScarce(noGPU); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- m.Restart(t.Context()) }()
		m.until(waits)
		return ended, before
	}

	restarted, before := restart(1 << 30)
	if err := m.engine.SetScarce(nil); err != nil {
		t.Fatal(err)
	}
	if err := <-restarted; err != nil {
		t.Fatal(err)
	}
	if s := m.Snapshot(); s.State != runtime.Ready || s.RestartToApply || m.Container().ID == before.ID {
		t.Errorf("it is %+v", s)
	}

	restarted, before = restart(2 << 30)
	m.must(m.Stop)
	if err := <-restarted; err == nil || m.Container().ID != before.ID {
		t.Errorf("the restart ended with %v, and the container is %+v", err, m.Container())
	}
}

// TestEngineEnds: why the engine ended a run or a wait is told, and a start goes on from
// there.
func TestEngineEnds(t *testing.T) {
	t.Parallel()
	for cause, code := range map[engine.Cause]problem.Code{
		engine.CauseEvicted: problem.Evicted, engine.CausePreempted: problem.Preempted, engine.CauseLost: problem.MachineLost,
		engine.CauseDeleted: problem.EndedElsewhere, engine.CauseImage: problem.PullFailed, engine.CauseNotMade: problem.ClusterRefused,
		engine.CauseOverdue: problem.Overdue, engine.CauseNotFilled: problem.NotFilled, engine.CauseReadOnly: problem.VolumeReadOnly,
	} {
		for _, waiting := range []bool{false, true} {
			m := inMemory(t, itself)
			m.must(m.Start)
			if waiting {
				m.must(m.Stop)
				if err := m.engine.SetScarce(noGPU); err != nil {
					t.Fatal(err)
				}
				go func() { _ = m.Start(t.Context()) }()
				m.until(waits)
			}
			if err := m.engine.End(t.Context(), m.Snapshot().Runtime, cause, "it said\nso"); err != nil {
				t.Fatal(err)
			}
			s := m.until(func(s runtime.Snapshot) bool { return s.State == runtime.Failed })
			if s.Problem.Code != code || s.Problem.Hint == "" || len(s.Acts()) == 0 || s.Acts()[0].Name != problem.ActStart {
				t.Errorf("%s, waiting %t: %+v, offers %v", cause, waiting, s.Problem, s.Acts())
			}
			if err := m.engine.SetScarce(nil); err != nil {
				t.Fatal(err)
			}
			if s = m.must(m.Start); s.State != runtime.Ready {
				t.Errorf("after %s it is %s", cause, s.State)
			}
		}
	}
}
