package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os/exec"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"testing"
	"time"

	"colabtray/internal/tunnel"
	"colabtray/test/testenv"
)

// tunnelSpeed compares connections through the tunnel to a box with those through a bare
// `ssh -L`, in turn, and measures how long the tunnel is away when its connection is lost.
func tunnelSpeed() (results []result, err error) {
	// The parts of the test environment want a test; a benchmark is one.
	testing.Init()
	if err := flag.Set("test.benchtime", "1x"); err != nil {
		return nil, err
	}
	done := testing.Benchmark(func(b *testing.B) {
		if results == nil {
			results, err = measureTunnel(b)
		}
	})
	if err == nil && done.N == 0 {
		err = errors.New("there is no sshd to measure the tunnel with")
	}
	return results, err
}

// way connects to the echo server on the box.
type way func() (net.Conn, error)

func measureTunnel(b *testing.B) ([]result, error) {
	box := testenv.SSHD(b)
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer server.Close()
	go serveEcho(server)
	target := server.Addr().(*net.TCPAddr).Port

	local := fmt.Sprintf("127.0.0.1:%d", testenv.FreePort(b))
	bareSSH := exec.Command(box.Program(), "-N", "-T", "-L", fmt.Sprintf("%s:127.0.0.1:%d", local, target), box.Name)
	if err := bareSSH.Start(); err != nil {
		return nil, err
	}
	defer func() {
		_ = bareSSH.Process.Kill()
		_ = bareSSH.Wait()
	}()
	bare := func() (net.Conn, error) { return net.Dial("tcp", local) }

	d, err := tunnel.ParseDestination(box.Address())
	if err != nil {
		return nil, err
	}
	t := tunnel.New(d, tunnel.Options{Dir: filepath.Join(b.TempDir(), "ssh"), Program: box.Program()})
	defer t.Close()
	ours := func() (net.Conn, error) { return t.DialPort(context.Background(), target) }
	begun := time.Now()
	if err := eventually(ours); err != nil {
		return nil, err
	}
	login := time.Since(begun)
	if err := eventually(bare); err != nil {
		return nil, err
	}
	all := []result{{"first answer through a tunnel", ms(login), "", true}}

	connect, err := inTurn(200, bare, ours, func(w way) (time.Duration, error) {
		begun := time.Now()
		err := answered(w)
		return time.Since(begun), err
	})
	if err != nil {
		return nil, err
	}
	all = append(all, beyond("new connection through a tunnel", connect, 500*time.Microsecond))
	trip, err := inTurn(3, bare, ours, roundTrip)
	if err != nil {
		return nil, err
	}
	all = append(all, beyond("round trip through a tunnel", trip, 50*time.Microsecond))
	bulk, err := inTurn(3, bare, ours, throughput)
	if err != nil {
		return nil, err
	}
	share := float64(slices.Min(bulk[0])) / float64(slices.Min(bulk[1]))
	all = append(all, result{"throughput of a tunnel", fmt.Sprintf("%.0f %% of ssh -L (%.0f MB/s)", 100*share, bulkSize/1e6/slices.Min(bulk[1]).Seconds()), "at least 80 %", share >= 0.8})
	at, err := atOnce(ours, 8)
	if err != nil {
		return nil, err
	}
	all = append(all, result{"8 connections at once", ms(at), "at most 50 ms", at <= 50*time.Millisecond})
	lost, err := losses(b, box, t, ours)
	return append(all, lost...), err
}

func serveEcho(l net.Listener) {
	for {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			_, _ = io.Copy(conn, conn)
			_ = conn.Close()
		}()
	}
}

// answered makes a connection, and waits for an answer.
func answered(w way) error {
	conn, err := w()
	if err != nil {
		return err
	}
	defer conn.Close()
	return exchange(conn)
}

func exchange(conn net.Conn) error {
	_ = conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Write([]byte{1}); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

// eventually is answered as soon as that is possible.
func eventually(w way) (err error) {
	for begun := time.Now(); time.Since(begun) < time.Minute; time.Sleep(2 * time.Millisecond) {
		if err = answered(w); err == nil {
			return nil
		}
	}
	return err
}

// inTurn measures the one way and the other.
func inTurn(rounds int, bare, ours way, measure func(way) (time.Duration, error)) (times [2][]time.Duration, err error) {
	for range rounds {
		for i, w := range []way{bare, ours} {
			took, err := measure(w)
			if err != nil {
				return times, err
			}
			times[i] = append(times[i], took)
		}
	}
	return times, nil
}

// beyond is the result of a comparison.
func beyond(what string, times [2][]time.Duration, most time.Duration) result {
	bare, ours := median(times[0]), median(times[1])
	return result{
		what, fmt.Sprintf("%+.3f ms (%.3f ms, ssh -L %.3f ms)", 1e3*(ours-bare).Seconds(), 1e3*ours.Seconds(), 1e3*bare.Seconds()),
		fmt.Sprintf("at most +%.2f ms", 1e3*most.Seconds()), ours-bare <= most,
	}
}

func roundTrip(w way) (time.Duration, error) {
	const rounds = 1000
	conn, err := w()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	var times []time.Duration
	for range rounds {
		begun := time.Now()
		if err := exchange(conn); err != nil {
			return 0, err
		}
		times = append(times, time.Since(begun))
	}
	return median(times), nil
}

const bulkSize = 256 << 20

// throughput sends much, and waits until all of it is back.
func throughput(w way) (time.Duration, error) {
	conn, err := w()
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	begun := time.Now()
	go func() {
		for p, left := make([]byte, 256<<10), bulkSize; left > 0; left -= len(p) {
			if _, err := conn.Write(p); err != nil {
				return
			}
		}
	}()
	_, err = io.CopyN(io.Discard, conn, bulkSize)
	return time.Since(begun), err
}

// atOnce is how long n connections at the same time take.
func atOnce(w way, n int) (time.Duration, error) {
	errs := make([]error, n)
	var all sync.WaitGroup
	begun := time.Now()
	for i := range n {
		all.Go(func() { errs[i] = answered(w) })
	}
	all.Wait()
	return time.Since(begun), errors.Join(errs...)
}

// losses measures how long it takes until the tunnel is of use again.
func losses(b *testing.B, box *testenv.Box, t *tunnel.Tunnel, ours way) ([]result, error) {
	var ended, silent []time.Duration
	for range 3 {
		time.Sleep(6 * time.Second) // until the connection counts as one that lasts
		begun := time.Now()
		box.Kill(b)
		if err := eventually(ours); err != nil {
			return nil, err
		}
		ended = append(ended, time.Since(begun))
		time.Sleep(6 * time.Second)
		conn, err := ours()
		if err != nil {
			return nil, err
		}
		begun = time.Now()
		box.Silence(b)
		doubt := time.AfterFunc(1500*time.Millisecond, t.Doubt) // as who waits for an answer does
		_ = exchange(conn)
		doubt.Stop()
		_ = conn.Close()
		if err := eventually(ours); err != nil {
			return nil, err
		}
		silent = append(silent, time.Since(begun))
	}
	box.Shutdown(b)
	defer askedFor(ours)()
	time.Sleep(15 * time.Second)
	before := processor()
	const offline = 20 * time.Second
	time.Sleep(offline)
	share := float64(processor()-before) / float64(offline)
	begun := time.Now()
	box.Start(b)
	if err := eventually(ours); err != nil {
		return nil, err
	}
	back := time.Since(begun)
	return []result{
		{"connection ended, usable again", span(ended), "at most 1 s", median(ended) <= time.Second},
		{"connection silent, usable again", span(silent), "at most 4 s", median(silent) <= 4*time.Second},
		{"box back, usable again", ms(back), "at most 6 s", back <= 6*time.Second},
		{"processor while the box is away, asked for each second", fmt.Sprintf("%.2f %%", 100*share), "", true},
	}, nil
}

// askedFor tries a way each second, as the program does while an engine does not answer,
// until stop is called.
func askedFor(w way) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var asking sync.WaitGroup
	asking.Go(func() {
		for ctx.Err() == nil {
			if conn, err := w(); err == nil {
				_ = conn.Close()
			}
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

// processor is the time that this program and its children have used.
func processor() (all time.Duration) {
	for _, who := range []int{syscall.RUSAGE_SELF, syscall.RUSAGE_CHILDREN} {
		var use syscall.Rusage
		if syscall.Getrusage(who, &use) == nil {
			all += time.Duration(use.Utime.Nano() + use.Stime.Nano())
		}
	}
	return all
}
