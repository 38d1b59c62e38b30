package memory

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/goleak"

	"colabtray/internal/engine"
	"colabtray/internal/engine/enginetest"
	"colabtray/test/testenv"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shell does what the shell does with the scripts of the suite.
func shell(p *Process) int {
	switch script := strings.Join(p.Args[2:], " "); script {
	case enginetest.Lives:
		_, _ = io.WriteString(p.Out, "begun\n")
		_, _ = io.WriteString(p.Err, "aside\n")
		select {
		case <-p.Killed:
			return 137
		case <-p.Term:
			return 143
		}
	case enginetest.Ignores:
		_, _ = io.WriteString(p.Out, "begun\n")
		<-p.Killed
		return 137
	case enginetest.Ends:
		_, _ = io.WriteString(p.Out, "one\ntwo\nthree\n")
		return 3
	case enginetest.Speaks:
		_, _ = io.WriteString(p.Out, "out\n")
		_, _ = io.WriteString(p.Err, "err\n")
		return 0
	case enginetest.Talks:
		_, _ = io.Copy(p.Out, p.In)
		fmt.Fprintf(p.Out, "%s\n%s\n", p.Dir, p.Getenv("WORD"))
		_, _ = io.WriteString(p.Err, "err\n")
		return 4
	case enginetest.Sizes:
		fmt.Fprintln(p.Out, sizeOf(p))
		for lines := bufio.NewScanner(p.In); lines.Scan() && lines.Text() != ""; {
			fmt.Fprintln(p.Out, sizeOf(p))
		}
		return 5
	case enginetest.Serves:
		return serveFiles(p)
	default:
		fmt.Fprintf(p.Err, "sh: %s\n", script)
		return 127
	}
}

func sizeOf(p *Process) string {
	size := p.Size()
	return fmt.Sprint(size.Rows, " ", size.Columns)
}

func serveFiles(p *Process) int {
	listener, err := p.Listen(8888)
	if err != nil {
		return 1
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}
	served := make(chan struct{})
	go func() {
		_ = server.Serve(listener)
		close(served)
	}()
	_, _ = io.WriteString(p.Out, "Serving HTTP\n")
	<-p.Killed
	_ = server.Close()
	<-served
	return 137
}

// TestContract holds that the engine in memory behaves as real ones do.
func TestContract(t *testing.T) {
	var made atomic.Int64
	enginetest.Run(t, func(t *testing.T) enginetest.Site {
		e := New()
		t.Cleanup(func() { _ = e.Close() })
		image := Image{
			Files:    map[string]string{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n"},
			Commands: map[string]func(*Process) int{"sh": shell},
			Layers:   []int64{100, 200},
		}
		e.AddImage("suite:1", image)
		e.Publish("registry/suite:1", image)
		return enginetest.Site{
			Engine: e, Image: "suite:1", Published: "registry/suite:1", Missing: "registry/missing:1",
			Name: func(*testing.T) string { return fmt.Sprint("suite-", made.Add(1)) },
			Port: func(t *testing.T) int { return testenv.FreePort(t) },
			Pause: func(t *testing.T, name string) {
				if err := e.Pause(t.Context(), name); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// TestAbilities: it has them all but looking for itself.
func TestAbilities(t *testing.T) {
	if all := (engine.Features{Replace: true, Update: true, Data: true, Stats: true, IdleStop: true, Shell: true, Packages: true}); engine.FeaturesOf(New()) != all {
		t.Errorf("it can do %+v", engine.FeaturesOf(New()))
	}
}
