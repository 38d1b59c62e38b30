package runtime

import (
	"context"
	"testing"
	"time"

	"colabtray/internal/engine"
)

// TestStats has a runtime work, and looks whether that shows, through a restart.
func TestStats(t *testing.T) {
	eachServer(t, func(t *testing.T, r *rig) {
		r.Open()
		ctx, cancel := context.WithTimeout(t.Context(), longEnough)
		defer cancel()
		usages := r.Stats(ctx)
		r.mustStart()
		until := func(what string, is func(engine.Usage) bool) (last engine.Usage) {
			t.Helper()
			for last = range usages {
				if is(last) {
					return last
				}
			}
			t.Fatalf("waited for %s in vain; the last was %+v", what, last)
			return last
		}
		until("a first measurement", func(u engine.Usage) bool { return true })
		// It works for less than half of the time: Podman measures every five seconds.
		r.docker("exec", "-d", r.profile.Runtime, "python3", "-c", `import os, time
held = bytearray(b'x') * (200 << 20)
while not os.path.exists('/tmp/rest'):
    time.sleep(0.06)
    began = time.process_time()
    while time.process_time() < began + 0.04: pass
time.sleep(10000)`)
		busy := until("a busy processor and memory in use", func(u engine.Usage) bool {
			return u.CPU > 0 && u.CPUs > 0 && u.CPU <= float64(u.CPUs)+0.5 && u.Memory > 200<<20 && u.Memory < u.MemoryLimit
		})
		// How much it gets of a processor, the machine decides.
		r.docker("exec", r.profile.Runtime, "touch", "/tmp/rest")
		until("a processor at rest, and the same memory", func(u engine.Usage) bool { return u.CPU < busy.CPU/2 && u.Memory > 200<<20 })

		began := time.Now().Add(-time.Second)
		r.must(r.Restart)
		until("a measurement of the new start", func(u engine.Usage) bool { return u.At.After(began) && u.Memory < 200<<20 })
		cancel()
		for range usages { // until it is closed
		}
	})
}
