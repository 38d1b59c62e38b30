package guide

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"colabtray/internal/data"
	"colabtray/internal/runtime"
)

// slowRuntime backs up until it is told to fail or is cancelled.
type slowRuntime struct {
	*runtime.Manager
	begun chan context.Context
	fail  chan error
}

func (s *slowRuntime) BackupOwn(ctx context.Context, progress func(data.Progress)) (data.Backup, error) {
	progress(data.Progress{Step: data.StepBackup, Bytes: 1})
	s.begun <- ctx
	select {
	case <-ctx.Done():
		return data.Backup{}, ctx.Err()
	case err := <-s.fail:
		return data.Backup{}, err
	}
}

// TestWork: one piece of work is done at a time. It outlives the request that asked for
// it, and ends when a page cancels it or the guide is closed.
func TestWork(t *testing.T) {
	r := withoutEngine(t)
	slow := &slowRuntime{r.manager, make(chan context.Context, 1), make(chan error)}
	r.Runtime = slow
	v := newVisitor(t)
	origin := v.openSession(r)
	post := func(path string, want int) string {
		t.Helper()
		response, body := v.ask("POST", origin+path, "Origin", origin, header, "1")
		wantStatus(t, path, response, want)
		return body
	}
	ended := func() work {
		t.Helper()
		for {
			now, changed := r.worker.current()
			if now.Ended {
				return now
			}
			select {
			case <-changed:
			case <-t.Context().Done():
				t.Fatal("the work does not end")
			}
		}
	}

	post("/data/backup", http.StatusAccepted)
	ctx := <-slow.begun
	if now, _ := r.worker.current(); now.Kind != "backup" || now.Bytes != 1 || !strings.HasPrefix(now.Step, "Backing up") {
		t.Errorf("the work is %+v", now)
	}
	if body := post("/update", http.StatusConflict); !strings.Contains(body, "Something else") {
		t.Errorf("a second piece of work: %s", body)
	}
	post("/work/cancel", http.StatusNoContent)
	if now := ended(); now.Problem != nil || now.Text != "Interrupted. No backup was written." || ctx.Err() == nil {
		t.Errorf("cancelled is %+v", now)
	}
	post("/work/cancel", http.StatusNoContent) // of nothing

	post("/data/backup", http.StatusAccepted)
	<-slow.begun
	slow.fail <- http.ErrAbortHandler
	if now := ended(); now.Problem == nil || strings.Contains(now.Problem.Short, "abort") {
		t.Errorf("failed is %+v", now)
	}

	post("/data/backup", http.StatusAccepted)
	ctx = <-slow.begun
	r.Close()
	if now, _ := r.worker.current(); !now.Ended || ctx.Err() == nil {
		t.Errorf("after the guide is closed there is %+v", now)
	}
}
