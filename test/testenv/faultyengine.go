package testenv

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// Fault is something that goes wrong between a program and an engine.
type Fault string

const (
	// Cut: the answer to the request breaks off in its middle, with its connection.
	Cut Fault = "cut off"
	// Dies: the request is not heard. All connections end and none is accepted until
	// Heal, as when the engine is killed and started again.
	Dies Fault = "the engine dies"
	// Hangs: nothing is answered, neither this request nor another one, until Heal.
	// Then the engine hears what it was sent meanwhile.
	Hangs Fault = "the engine hangs"
	// Slow: this answer and each after it comes late, until Heal.
	Slow Fault = "the engine is slow"
)

// delay is how late the answers of a slow engine are.
const delay = 100 * time.Millisecond

// FaultyEngine is an engine by way of a proxy that passes on its bytes, until a request
// is met by the fault that was chosen for it.
type FaultyEngine struct {
	// Strike, if it is not nil, is told of the fault that meets a request, before the
	// engine hears that. A fault of another kind than those above is what it does, and
	// Heal calls Unstrike, if that is not nil.
	Strike   func(Fault)
	Unstrike func()

	t         testing.TB
	path      string // of its socket
	engine    string // the path of the engine's socket
	uncounted *regexp.Regexp
	served    sync.WaitGroup

	mu       sync.Mutex
	listener net.Listener // nil while nobody listens
	open     map[net.Conn]struct{}
	fault    Fault
	at       int // the number of the request that it meets, 0 for none
	seen     []string
	struck   chan struct{} // closed when the request is met
	healed   chan struct{} // closed when the fault is over
}

// NewFaultyEngine puts the proxy before an engine at a Unix socket.
func NewFaultyEngine(t testing.TB, host string) *FaultyEngine {
	t.Helper()
	engine, is := strings.CutPrefix(host, "unix://")
	Need(t, "an engine at a Unix socket", is)
	dir, err := os.MkdirTemp("", "faulty") // the path of a socket has to be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	e := &FaultyEngine{
		t: t, path: filepath.Join(dir, "s"), engine: engine, uncounted: uncounted, open: map[net.Conn]struct{}{},
		struck: make(chan struct{}), healed: make(chan struct{}),
	}
	e.listen()
	t.Cleanup(func() {
		e.mu.Lock()
		e.die()
		e.heal()
		e.mu.Unlock()
		e.served.Wait()
	})
	return e
}

// Host returns the address of the proxy, as in DOCKER_HOST.
func (e *FaultyEngine) Host() string { return "unix://" + e.path }

// Expect has the fault meet the request of that number, counted from now on; with 0 the
// requests are counted only. The channel is closed when that happens. Requests about the
// engine itself and for its events do not count.
func (e *FaultyEngine) Expect(fault Fault, at int) (struck <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fault, e.at, e.seen = fault, at, nil
	e.struck, e.healed = make(chan struct{}), make(chan struct{})
	return e.struck
}

// Heal ends the fault, and returns the requests since Expect.
func (e *FaultyEngine) Heal() (seen []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.heal()
	if e.listener == nil {
		e.listen()
	}
	if e.Unstrike != nil {
		e.Unstrike()
	}
	return slices.Clone(e.seen)
}

// Meet does something one of whose requests is met by a fault, which is over when Meet
// returns. It returns the requests, and what doing it returned. It calls dead when the
// engine is, and heals the engine once dead returns. The context that it gives to do ends
// when the engine hangs, as when a person gives up.
func (e *FaultyEngine) Meet(ctx context.Context, p FaultPoint, dead func(), do func(context.Context) error) (seen []string, err error) {
	ctx, giveUp := context.WithCancel(ctx)
	defer giveUp()
	struck := e.Expect(p.Fault, p.At)
	done := make(chan error, 1)
	go func() { done <- do(ctx) }()
	select {
	case <-struck:
	case err := <-done: // it had fewer requests this time
		return e.Heal(), err
	}
	switch p.Fault {
	case Dies:
		dead()
	case Hangs:
		giveUp()
	}
	if p.Lasts || p.Fault != Dies && p.Fault != Hangs {
		err = <-done
		return e.Heal(), err
	}
	seen = e.Heal()
	return seen, <-done
}

func (e *FaultyEngine) heal() {
	e.at = 0
	select {
	case <-e.healed:
	default:
		close(e.healed)
	}
}

// listen begins to serve. The caller holds the lock, or is the only one.
func (e *FaultyEngine) listen() {
	listener, err := net.Listen("unix", e.path)
	if err != nil {
		e.t.Errorf("the proxy of the engine: %v", err)
		return
	}
	e.listener = listener
	e.served.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			e.served.Go(func() { e.serve(client.(*net.UnixConn)) })
		}
	})
}

// die ends all connections. The caller holds the lock.
func (e *FaultyEngine) die() {
	if e.listener != nil {
		_ = e.listener.Close()
		e.listener = nil
	}
	for c := range maps.Keys(e.open) {
		_ = c.Close()
	}
}

// register keeps connections until they end, and reports whether there may be any.
func (e *FaultyEngine) register(connections ...net.Conn) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range connections {
		e.open[c] = struct{}{}
	}
	return e.listener != nil
}

func (e *FaultyEngine) forget(connections ...net.Conn) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, c := range connections {
		_ = c.Close()
		delete(e.open, c)
	}
}

// exchange is a connection of a program with the engine.
type exchange struct {
	*FaultyEngine
	client, engine *net.UnixConn

	mu       sync.Mutex
	answered bool // what the client sends next is a request
	cut      bool // the answer that comes breaks off
}

func (e *FaultyEngine) serve(client *net.UnixConn) {
	engine, err := net.DialUnix("unix", nil, &net.UnixAddr{Name: e.engine})
	if err != nil {
		_ = client.Close()
		return
	}
	defer e.forget(client, engine)
	if !e.register(client, engine) {
		return
	}
	x := &exchange{FaultyEngine: e, client: client, engine: engine, answered: true}
	var both sync.WaitGroup
	both.Go(func() { pass(x.client, x.engine, x.sent) })
	both.Go(func() { pass(x.engine, x.client, x.answer) })
	both.Wait()
}

// pass passes on what one side says, and its end. What each tells how much of some bytes
// may pass; the connection ends where that is not all of them.
func pass(from, to *net.UnixConn, each func([]byte) int) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 {
			most := each(buffer[:n])
			if _, wrong := to.Write(buffer[:most]); wrong != nil || most < n {
				err = errors.Join(wrong, io.ErrUnexpectedEOF)
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			_ = to.CloseWrite()
			return
		case err != nil:
			_, _ = from.Close(), to.Close()
			return
		}
	}
}

var (
	requestLine = regexp.MustCompile(`^[A-Z]+ /\S* HTTP/1\.1\r\n`)
	uncounted   = regexp.MustCompile(`^[A-Z]+ (/v[0-9.]+)?/(_ping|version|info|events)[ ?]`)
)

// sent looks at what the client sends.
func (x *exchange) sent(part []byte) int {
	x.mu.Lock()
	begins := x.answered && requestLine.Match(part)
	x.answered = false
	x.mu.Unlock()
	if !begins {
		return len(part)
	}
	line, _, _ := bytes.Cut(part, []byte("\r\n"))
	switch fault, healed := x.request(string(line)); fault {
	case Cut:
		x.mu.Lock()
		x.cut = true
		x.mu.Unlock()
	case Dies:
		return 0
	case Hangs:
		<-healed
	}
	return len(part)
}

// answer looks at what the engine answers.
func (x *exchange) answer(part []byte) int {
	x.mu.Lock()
	cut := x.cut
	x.answered = true
	x.mu.Unlock()
	x.FaultyEngine.mu.Lock()
	fault, healed := x.inForce(), x.healed
	x.FaultyEngine.mu.Unlock()
	switch {
	case cut:
		return len(part) / 2
	case fault == Hangs:
		<-healed
	case fault == Slow:
		select {
		case <-time.After(delay):
		case <-healed:
		}
	}
	return len(part)
}

// request counts a request, and returns the fault that it is met by.
func (e *FaultyEngine) request(line string) (fault Fault, healed <-chan struct{}) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if before := e.inForce(); before != "" {
		return before, e.healed
	}
	if e.uncounted.MatchString(line) {
		return "", nil
	}
	e.seen = append(e.seen, line)
	if len(e.seen) != e.at {
		return "", nil
	}
	if e.Strike != nil {
		e.Strike(e.fault)
	}
	close(e.struck)
	if e.fault == Dies {
		e.die()
	}
	return e.fault, e.healed
}

// inForce returns the fault that lasts at the moment. The caller holds the lock.
func (e *FaultyEngine) inForce() Fault {
	if e.at > 0 && len(e.seen) >= e.at && (e.fault == Hangs || e.fault == Slow || e.fault == Dies) {
		return e.fault
	}
	return ""
}
