package runtime

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"colabtray/test/testenv"
)

// TestManyAtOnce: two programs that stay and three terminals each do what they like with
// one runtime, at the same time. When all are done there is one container, each program
// shows it, and the data are kept.
func TestManyAtOnce(t *testing.T) {
	anyEngine(t, oneEngine, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		programs := []*Manager{r.Manager, r.beside()}
		all := append([]*Manager{r.beside(), r.beside(), r.beside()}, programs...)
		ctx, cancel := context.WithTimeout(t.Context(), longEnough)
		defer cancel()
		var busy sync.WaitGroup
		for i, m := range all {
			random := rand.New(rand.NewPCG(uint64(i), 0))
			busy.Go(func() {
				for range 3 {
					switch random.IntN(4) {
					case 0:
						_ = m.Start(ctx)
					case 1:
						_ = m.Stop(ctx)
					case 2:
						p := m.Profile()
						p.Memory = int64(1+random.IntN(3)) << 30
						m.SetProfile(p)
						fallthrough
					default:
						_ = m.Restart(ctx)
					}
				}
			})
		}
		busy.Wait()
		if ctx.Err() != nil {
			t.Fatal("it takes all the time")
		}
		r.areRight(programs)
		r.must(r.Restart) // what somebody has in reserve goes with the next operation
		r.areRight(programs)
		r.mustServe(r.Snapshot().URL)
		r.mustBeAlone()
		if !r.HasVolume() {
			t.Error("the volume is gone")
		}
	})
}

// areRight waits until each program shows the container that there is.
func (r *rig) areRight(programs []*Manager) {
	r.t.Helper()
	testenv.WaitFor(r.t, "what is so to be shown by each program", func() error {
		is, err := r.engine().Inspect(r.t.Context(), r.profile.Runtime)
		if err != nil {
			return err
		}
		for _, m := range programs {
			if s := m.Snapshot(); s.Container != is.ID || (s.State == Ready) != is.Running || s.URL != programs[0].Snapshot().URL {
				return fmt.Errorf("the container is %+v, and it shows %s, %+v", is, s.State, s.Problem)
			}
		}
		return nil
	})
}
