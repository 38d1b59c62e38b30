package runtime_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/engine/memory"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// registry is an engine whose registry does not answer, or cannot be asked.
type registry struct {
	*memory.Engine

	mu  sync.Mutex
	err error
}

// fails has the registry answer with an error from now on; nil has it answer.
func (r *registry) fails(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.err = err
}

func (r *registry) RemoteDigest(ctx context.Context, ref string) (string, error) {
	r.mu.Lock()
	err := r.err
	r.mu.Unlock()
	if err != nil {
		return "", err
	}
	return r.Engine.RemoteDigest(ctx, ref)
}

// TestPlanUpdate: what an update would change is told before it is done.
func TestPlanUpdate(t *testing.T) {
	t.Parallel()
	remote := new(registry)
	r := inMemory(t, func(e engine.Engine) engine.Engine {
		remote.Engine = e.(*memory.Engine)
		return remote
	})
	plan := func(want runtime.News) runtime.UpdatePlan {
		t.Helper()
		plan, err := r.PlanUpdate(t.Context())
		if err != nil || plan.News != want {
			t.Fatalf("the plan is %+v, %v, want %s", plan, err, want)
		}
		return plan
	}
	var p *problem.Problem
	if plan, err := r.PlanUpdate(t.Context()); !errors.As(err, &p) || p.Code != problem.NoContainer {
		t.Errorf("without a container: %+v, %v", plan, err)
	}
	if err := r.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := plan(runtime.NewsNone)
	if first.Now.ID == "" || first.Next.ID != "" || first.Previous.ID != "" || first.Now.Size != 1<<20 || first.Remote != first.Now.Digests[0] {
		t.Errorf("the plan is %+v", first)
	}

	made := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	image := memory.Jupyter()
	image.Layers, image.Made = []int64{2 << 20}, made
	r.engine.Publish(first.Image, image)
	if newer := plan(runtime.NewsNewer); newer.Now.ID != first.Now.ID || newer.Next.ID != "" || newer.Remote == first.Remote {
		t.Errorf("the plan is %+v", newer)
	}
	for _, err := range []error{engine.ErrNetwork, engine.ErrImageNotFound} {
		remote.fails(err)
		if plan := plan(runtime.NewsUnknown); plan.Why == nil || plan.Remote != "" {
			t.Errorf("of %v the plan is %+v", err, plan)
		}
	}
	remote.fails(engine.ErrLacks)
	if plan := plan(runtime.NewsUnknown); plan.Why != nil {
		t.Errorf("of an engine that cannot ask: %+v", plan)
	}
	remote.fails(nil)

	if err := r.engine.Pull(t.Context(), first.Image, "", func(engine.Progress) {}); err != nil {
		t.Fatal(err)
	}
	if here := plan(runtime.NewsHere); here.Next.ID == "" || here.Next.Size != 2<<20 || !here.Next.Made.Equal(made) {
		t.Errorf("the plan is %+v", here)
	}
	if err := r.Update(t.Context()); err != nil {
		t.Fatal(err)
	}
	if after := plan(runtime.NewsNone); after.Previous.ID != first.Now.ID || after.Now.Size != 2<<20 {
		t.Errorf("the plan is %+v", after)
	}

	profile := r.Profile()
	profile.Image = "local/jupyter:1"
	r.engine.AddImage(profile.Image, memory.Jupyter())
	r.SetProfile(profile)
	testenv.WaitFor(t, "the profile", func() error {
		if r.Profile().Image != profile.Image {
			return errors.New("not yet")
		}
		return nil
	})
	plan(runtime.NewsHere)
}
