package tray

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"

	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// fakeKernels are idle kernels that can be shut down once.
type fakeKernels struct {
	idle    []runtime.Kernel
	failing error
}

func (k *fakeKernels) IdleKernels(context.Context, string) ([]runtime.Kernel, error) {
	return k.idle, k.failing
}

func (k *fakeKernels) ShutdownIdleKernels(context.Context, string) ([]runtime.Kernel, error) {
	freed := k.idle
	k.idle = nil
	return freed, k.failing
}

// TestFree holds that idle kernels are shut down only after a second choice, which tells
// what is lost.
func TestFree(t *testing.T) {
	withApp(t, func(t *testing.T, s *appTest) {
		memory, cards := uint64(2e9), uint64(11e9)
		kernels := &fakeKernels{idle: []runtime.Kernel{
			{Kernel: jupyter.Kernel{ID: "a"}, Memory: &memory, GPUMemory: &cards}, {Kernel: jupyter.Kernel{ID: "b"}},
		}}
		s.Kernels = kernels
		s.viewInput.lacks["free"], s.viewInput.lacks[Action(problem.ActFreeKernels)] = false, false
		row := rowOf("free")
		s.setState(runtime.Stopped)
		if text, enabled := s.screen.row(row); text != "Free memory…" || enabled {
			t.Errorf("the row of a stopped runtime says %q, enabled %v", text, enabled)
		}
		s.setState(runtime.Ready)
		s.clickOn(row)
		if !s.screen.is(rowStatus, "2 idle kernels hold 2.0 GB and 11.0 GB of GPU memory") || len(kernels.idle) != 2 {
			t.Fatalf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		act := slices.IndexFunc(s.screen.Rows[:], func(r Row) bool { return r.Text == "Shut down idle ones" })
		if act < 0 {
			t.Fatalf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		s.clickOn(act)
		if !s.screen.is(rowStatus, "2 kernels shut down: 2.0 GB and 11.0 GB of GPU memory freed") || len(kernels.idle) != 0 {
			t.Errorf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		s.clickOn(row)
		if !s.screen.is(rowStatus, "No kernel is idle") || s.screen.is(act, "Shut down idle ones") {
			t.Errorf("the menu says %+v", s.screen.Rows[:rowStart])
		}
		if want := "2 idle kernels hold 2.0 GB and 11.0 GB of GPU memory|Shutting them down loses their variables. Notebooks and files stay."; len(s.told) != 3 || s.told[0] != want {
			t.Errorf("the person was told %q", s.told)
		}
		kernels.failing = errors.New("broken")
		s.requests <- Request{Act: problem.Act{Name: problem.ActFreeKernels}}
		synctest.Wait()
		if !s.screen.is(rowStatus, "It is not known what the kernels do") {
			t.Errorf("the menu says %+v", s.screen.Rows[:rowStart])
		}
	})
}

// TestFreeText says what the memory is of that a person misses.
func TestFreeText(t *testing.T) {
	if got := freeText(viewInput{gpu: true}); got != "Free the GPU…" {
		t.Errorf("with a card the row says %q", got)
	}
}
