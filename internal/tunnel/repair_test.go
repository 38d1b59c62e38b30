package tunnel

import (
	"context"
	"errors"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// fake is a link to a box that is not there.
type fake struct {
	link
	ended  chan struct{}
	end    func()
	answer error         // of alive
	busy   func()        // what goes on meanwhile
	slow   time.Duration // until alive answers
	dying  bool          // it does not end at once when it is killed
}

func newFake() *fake {
	f := &fake{ended: make(chan struct{})}
	f.end = sync.OnceFunc(func() { close(f.ended) })
	return f
}

func (f *fake) done() <-chan struct{} { return f.ended }
func (f *fake) reason() error         { return &Error{Kind: Other} }
func (f *fake) close()                { f.end() }

func (f *fake) kill(*Error) {
	if !f.dying {
		f.end()
	}
}

func (f *fake) run(ctx context.Context, _ []string) (string, error) {
	if f.dying {
		<-f.ended
		return "", errLost
	}
	return "ran", nil
}

func (f *fake) port(context.Context, int) (net.Conn, error) {
	ours, theirs := net.Pipe()
	return ours, theirs.Close()
}

func (f *fake) alive(ctx context.Context) error {
	if f.busy != nil {
		f.busy()
	}
	select {
	case <-time.After(f.slow):
		return f.answer
	case <-ctx.Done():
		return ctx.Err()
	}
}

// bench is a tunnel whose logins a test decides about.
type bench struct {
	*Tunnel

	guard  sync.Mutex // of all below
	began  time.Time
	logins []time.Duration // when there was one, since began
	fails  error           // what comes of the next
	takes  time.Duration   // a login
	links  []*fake
}

func newBench(t *testing.T) *bench {
	b := &bench{Tunnel: New(Destination{host: "box"}, Options{}), began: time.Now()}
	b.connect = func() (link, error) {
		b.guard.Lock()
		b.logins = append(b.logins, time.Since(b.began))
		fails, takes, f := b.fails, b.takes, newFake()
		if fails == nil {
			b.links = append(b.links, f)
		}
		b.guard.Unlock()
		time.Sleep(takes)
		if fails != nil {
			return nil, fails
		}
		return f, nil
	}
	t.Cleanup(func() { _ = b.Close() })
	return b
}

// fail makes logins fail from now on, or succeed.
func (b *bench) fail(err error) {
	b.guard.Lock()
	defer b.guard.Unlock()
	b.fails = err
}

// take makes a login take so long.
func (b *bench) take(d time.Duration) {
	b.guard.Lock()
	defer b.guard.Unlock()
	b.takes = d
}

// count returns how many logins there were.
func (b *bench) count() int {
	b.guard.Lock()
	defer b.guard.Unlock()
	return len(b.logins)
}

// last returns the last link.
func (b *bench) last() *fake {
	b.guard.Lock()
	defer b.guard.Unlock()
	return b.links[len(b.links)-1]
}

// past returns how long ago the test began to count.
func (b *bench) past() time.Duration {
	b.guard.Lock()
	defer b.guard.Unlock()
	return time.Since(b.began)
}

func (b *bench) dial(ctx context.Context) error {
	conn, err := b.DialPort(ctx, 1)
	if err == nil {
		_ = conn.Close()
	}
	return err
}

// again forgets what was, and counts from now on.
func (b *bench) again() {
	synctest.Wait()
	b.guard.Lock()
	defer b.guard.Unlock()
	b.began, b.logins = time.Now(), nil
}

// lose ends the present link.
func (b *bench) lose() {
	b.last().end()
	synctest.Wait()
}

func (b *bench) wantLogins(t *testing.T, want ...time.Duration) {
	t.Helper()
	synctest.Wait()
	b.guard.Lock()
	defer b.guard.Unlock()
	if !slices.Equal(b.logins, want) {
		t.Errorf("there were logins after %v, want %v", b.logins, want)
	}
}

var refused = &Error{Kind: Refused}

const msec = time.Millisecond

// firstLogins are those of the first ten seconds while each one fails.
var firstLogins = []time.Duration{0, 100 * msec, 300 * msec, 700 * msec, 1500 * msec, 3100 * msec, 6300 * msec}

func TestFirstLoginFails(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.fail(refused)
		if err := b.dial(t.Context()); !errors.Is(err, refused) {
			t.Fatalf("got %v", err)
		}
		// Nobody waits, so nobody tries, however long that lasts.
		time.Sleep(24 * time.Hour)
		b.wantLogins(t, 0)
		if status := b.Status(); status.Connected || !errors.Is(status.Err, refused) {
			t.Errorf("it is %+v", status)
		}
		b.fail(nil)
		if err := b.dial(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// TestManyDials: who dials again and again does not make as many logins.
func TestManyDials(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.fail(refused)
		for range 60 {
			if err := b.dial(t.Context()); !errors.Is(err, refused) {
				t.Fatalf("got %v", err)
			}
			time.Sleep(time.Second)
		}
		if n := b.count(); n < 12 || n > 18 {
			t.Errorf("there were %d logins", n)
		}
	})
}

func TestRepair(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		// Quiet: there is no login, whatever time goes by.
		time.Sleep(24 * time.Hour)
		b.wantLogins(t, 0)

		// A repair is at once, and a Dial does not notice.
		b.take(200 * msec)
		b.again()
		b.lose()
		if status := b.Status(); status.Connected || status.Err == nil || time.Since(status.Since) != 0 {
			t.Errorf("lost, it is %+v", status)
		}
		if err := b.dial(t.Context()); err != nil {
			t.Error(err)
		}
		b.wantLogins(t, 0)
		if since := b.past(); since != 200*msec {
			t.Errorf("the repair took %v", since)
		}
		if status := b.Status(); !status.Connected || status.Err != nil {
			t.Errorf("repaired, it is %+v", status)
		}

		// Nobody dials: it is repaired all the same.
		b.take(0)
		time.Sleep(time.Minute)
		b.again()
		b.lose()
		if !b.Status().Connected {
			t.Error("nobody repaired it")
		}
	})
}

// TestLongLoss: while nobody dials, nobody tries for ever; a Dial waits for
// ten seconds after the loss, and not longer.
func TestLongLoss(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		b.again()
		b.fail(refused)
		b.lose()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := b.dial(ctx); err == nil || b.past() != time.Second {
			t.Errorf("a Dial with a second: %v after %v", err, b.past())
		}
		if err := b.dial(t.Context()); !errors.Is(err, refused) || b.past() < 10*time.Second || b.past() > 12*time.Second {
			t.Errorf("a Dial: %v after %v", err, b.past())
		}
		time.Sleep(24 * time.Hour)
		b.wantLogins(t, firstLogins...)
		b.again()
		if err := b.dial(t.Context()); !errors.Is(err, refused) || b.past() != 0 {
			t.Errorf("a Dial much later: %v after %v", err, b.past())
		}
		b.wantLogins(t, 0)
	})
}

// TestLongOutage: somebody who asks for the box each second does not log in as often, and
// has it 5 seconds after it is back. Nothing happens for nobody.
func TestLongOutage(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.fail(refused)
		stop := b.asked()
		time.Sleep(time.Hour)
		synctest.Wait()
		if n := b.count(); n < 700 || n > 730 {
			t.Errorf("in an hour there were %d logins", n)
		}
		b.fail(nil)
		time.Sleep(6 * time.Second)
		synctest.Wait()
		if !b.Status().Connected {
			t.Error("it is not connected")
		}
		stop()
		time.Sleep(time.Minute)
		b.fail(refused)
		b.again()
		b.lose()
		time.Sleep(time.Hour)
		b.wantLogins(t, firstLogins...)
	})
}

// asked makes a Dial each second until stop is called.
func (b *bench) asked() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			_ = b.dial(ctx)
			select {
			case <-time.After(time.Second):
			case <-ctx.Done():
			}
		}
	})
	return func() {
		cancel()
		asking.Wait()
	}
}

// TestFlapping: a box that ends each connection is not asked without a pause.
func TestFlapping(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for time.Since(began) < time.Minute {
			b.reachesConnected()
			b.lose()
		}
		if n := b.count(); n > 20 {
			t.Errorf("there were %d logins in a minute", n)
		}
	})
}

func (b *bench) reachesConnected() {
	for {
		changed := b.Changed()
		if b.Status().Connected {
			return
		}
		<-changed
	}
}

// TestLasting: what a person has to do something about is not tried often, and not waited
// for, unless somebody says that it is done.
func TestLasting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		defer b.asked()()
		time.Sleep(time.Minute)
		denied := &Error{Kind: PermissionDenied}
		b.fail(denied)
		b.again()
		b.lose()
		if err := b.dial(t.Context()); !errors.Is(err, denied) || b.past() != 0 {
			t.Errorf("a Dial: %v after %v", err, b.past())
		}
		b.Doubt() // is no reason to try again
		time.Sleep(65 * time.Second)
		b.wantLogins(t, 0, 30*time.Second, 60*time.Second)
		b.fail(nil)
		b.Retry()
		b.again()
		if err := b.dial(t.Context()); err != nil || b.past() != 0 {
			t.Errorf("a Dial: %v after %v", err, b.past())
		}
	})
}

func TestDoubt(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		link fake
		busy int64 // bytes heard meanwhile
		sent int64
		ends bool
	}{
		{name: "an answer", link: fake{slow: time.Second}},
		{name: "no answer", link: fake{slow: time.Hour}, ends: true},
		{name: "an error", link: fake{answer: errors.New("nobody serves the socket")}, ends: true},
		{name: "other answers", link: fake{slow: time.Hour}, busy: 1},
		{name: "much is sent", link: fake{slow: time.Hour}, sent: muchSent},
		{name: "little is sent", link: fake{slow: time.Hour}, sent: 10, ends: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBench(t)
				if err := b.dial(t.Context()); err != nil {
					t.Fatal(err)
				}
				first := b.last()
				first.slow, first.answer = test.link.slow, test.link.answer
				first.busy = func() { b.traffic.heard.Add(test.busy); b.traffic.sent.Add(test.sent) }
				time.Sleep(time.Minute)
				b.again()
				b.Doubt()
				b.Doubt() // is the same one
				time.Sleep(1500 * msec)
				synctest.Wait()
				if ended := over(first.ended); ended != test.ends {
					t.Errorf("the connection ended: %v", ended)
				}
				if !b.Status().Connected {
					t.Error("it is not connected")
				}
				time.Sleep(time.Hour) // the slow answer comes
			})
		})
	}
}

// TestDyingConnection: nothing is begun by a connection that was killed and has not ended
// yet.
func TestDyingConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		if err := b.dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		first := b.last()
		first.dying, first.slow = true, time.Hour
		b.Doubt()
		time.Sleep(doubtTime)
		synctest.Wait()
		said := make(chan string)
		go func() {
			out, err := b.Output(t.Context(), "echo")
			if err != nil {
				out = err.Error()
			}
			said <- out
		}()
		time.Sleep(time.Second)
		first.end()
		if out := <-said; out != "ran" {
			t.Errorf("the command after that said %q", out)
		}
		time.Sleep(time.Hour) // the slow answer comes
	})
}

// TestDoubtWithoutConnection: the computer wakes up, and the box is there at once.
func TestDoubtWithoutConnection(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.fail(refused)
		stop := b.asked()
		time.Sleep(time.Hour)
		stop()
		b.fail(nil)
		b.Doubt()
		b.again()
		if err := b.dial(t.Context()); err != nil || b.past() != 0 {
			t.Errorf("a Dial: %v after %v", err, b.past())
		}
	})
}

// TestChanged: who waits for a change sees each newest status.
func TestChanged(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		changed := b.Changed()
		if err := b.dial(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-changed
		changed = b.Changed()
		if over(changed) {
			t.Error("there is another change")
		}
		b.lose()
		<-changed
	})
}

func TestCloseWhileDialing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t)
		b.take(time.Second)
		got := make(chan error)
		go func() { got <- b.dial(t.Context()) }()
		synctest.Wait()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if err := <-got; !errors.Is(err, net.ErrClosed) {
			t.Errorf("a Dial that waited got %v", err)
		}
		if err := b.dial(t.Context()); !errors.Is(err, net.ErrClosed) {
			t.Errorf("a Dial after it got %v", err)
		}
		b.Doubt()
		b.Retry()
		if err := b.Close(); err != nil {
			t.Error(err)
		}
		if !over(b.last().ended) {
			t.Error("the login that came too late is not ended")
		}
	})
}
