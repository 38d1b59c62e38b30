package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"

	"colabtray/internal/child"
	"colabtray/internal/gateway"
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
	dial := func(ctx context.Context) (net.Conn, error) { return t.DialPort(ctx, target) }
	through := func() (net.Conn, error) { return dial(context.Background()) }
	begun := time.Now()
	if err := eventually(through); err != nil {
		return nil, err
	}
	login := time.Since(begun)
	if err := eventually(bare); err != nil {
		return nil, err
	}
	gate, closeGate, err := openGateway(b.TempDir(), dial)
	if err != nil {
		return nil, err
	}
	defer closeGate()
	alone, end, err := gatewayProcess(b, box, target)
	if err != nil {
		return nil, err
	}
	defer end()
	all := []result{{"first answer, the login included", ms(login), "at most 1 s", login <= time.Second}}
	compared, err := beside("ssh -L", bare, []named{{"the tunnel", through}, {"tunnel and gateway", alone}})
	if err != nil {
		return nil, err
	}
	lost, err := losses(b, box, t, gate)
	return slices.Concat(all, compared, lost), err
}

// gatewayFor is the variable by which this program becomes one that has a tunnel and a
// gateway, as ssh -L is a program of its own. Its value is the port of the gateway.
const gatewayFor = "COLAB_TRAY_BENCH_GATEWAY"

// gatewayProcess starts a process with a gateway to a port of the box. It ends with end.
func gatewayProcess(b *testing.B, box *testenv.Box, target int) (w way, end func(), err error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	cmd := exec.Command("/proc/self/exe", box.Address(), box.Program(), b.TempDir(), strconv.Itoa(target))
	cmd.Env = append(os.Environ(), fmt.Sprintf("%s=%d", gatewayFor, port))
	cmd.Stderr = os.Stderr
	process, err := child.Start(cmd)
	if err != nil {
		return nil, nil, err
	}
	w = func() (net.Conn, error) { return net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)) }
	if err := eventually(w); err != nil {
		process.End()
		return nil, nil, err
	}
	return w, process.End, nil
}

// serveGateway is that process.
func serveGateway(port string, arguments []string) error {
	address, program, dir := arguments[0], arguments[1], arguments[2]
	here, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	there, err := strconv.Atoi(arguments[3])
	if err != nil {
		return err
	}
	d, err := tunnel.ParseDestination(address)
	if err != nil {
		return err
	}
	t := tunnel.New(d, tunnel.Options{Dir: filepath.Join(dir, "ssh"), Program: program})
	defer t.Close()
	g, err := gateway.Listen(here, dir, "bench", slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer g.Close()
	g.Lead(func(ctx context.Context) (net.Conn, error) {
		conn, err := t.DialPort(ctx, there)
		if err != nil {
			return nil, err
		}
		return tunnel.Doubted(conn, t.Doubt), nil
	}, nil)
	asked, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	<-asked.Done()
	return nil
}

// gatewayAlone compares connections through a gateway to a port of this computer with
// those made directly.
func gatewayAlone() ([]result, error) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer server.Close()
	go serveEcho(server)
	direct := func() (net.Conn, error) { return net.Dial("tcp", server.Addr().String()) }
	dir, err := os.MkdirTemp("", "colab-tray-bench-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	gate, closeGate, err := openGateway(dir, func(context.Context) (net.Conn, error) { return direct() })
	if err != nil {
		return nil, err
	}
	defer closeGate()
	results, err := beside("directly", direct, []named{{"the gateway", gate}})
	for i := range results { // the goals are for a box
		results[i].wanted = ""
	}
	return results, err
}

// openGateway opens a gateway that leads a way.
func openGateway(dir string, dial gateway.Way) (w way, closeIt func(), err error) {
	port, err := freePort()
	if err != nil {
		return nil, nil, err
	}
	g, err := gateway.Listen(port, dir, "bench", slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, nil, err
	}
	g.Lead(dial, nil)
	return func() (net.Conn, error) { return net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port)) }, func() {
		g.Close()
		g.Wait()
	}, nil
}

type named struct {
	name string
	way  way
}

// beside compares ways with a bare one, all in turn.
func beside(bareName string, bare way, ours []named) (all []result, err error) {
	ways := []way{bare}
	for _, n := range ours {
		ways = append(ways, n.way)
	}
	connect, err := inTurn(200, ways, func(w way) (time.Duration, error) {
		begun := time.Now()
		err := answered(w)
		return time.Since(begun), err
	})
	if err != nil {
		return nil, err
	}
	trip, err := inTurn(5, ways, roundTrip)
	if err != nil {
		return nil, err
	}
	bulk, err := inTurn(3, ways, throughput)
	if err != nil {
		return nil, err
	}
	once, err := inTurn(15, ways, func(w way) (time.Duration, error) { return atOnce(w, 8) })
	if err != nil {
		return nil, err
	}
	for i, n := range ours {
		i++
		best, bestBare := slices.Min(bulk[i]), slices.Min(bulk[0])
		share := float64(bestBare) / float64(best)
		all = append(all,
			beyond("new connection through "+n.name, bareName, connect[0], connect[i], 500*time.Microsecond),
			beyond("round trip through "+n.name, bareName, trip[0], trip[i], 50*time.Microsecond),
			result{"throughput of " + n.name + ", best of 3", fmt.Sprintf("%.0f %% of %s (%.0f MB/s, %.0f MB/s)", 100*share, bareName, bulkSize/1e6/best.Seconds(), bulkSize/1e6/bestBare.Seconds()), "at least 80 %", share >= 0.8},
			result{"8 requests at once through " + n.name, fmt.Sprintf("median %s (%s: %s)", ms(median(once[i])), bareName, ms(median(once[0]))), "at most 50 ms", median(once[i]) <= 50*time.Millisecond},
		)
	}
	return all, nil
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
func eventually(w way) error { return within(time.Minute, func() error { return answered(w) }) }

// inTurn measures each way, one after the other, some times.
func inTurn(rounds int, ways []way, measure func(way) (time.Duration, error)) (times [][]time.Duration, err error) {
	times = make([][]time.Duration, len(ways))
	for range rounds {
		for i, w := range ways {
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
func beyond(what, bareName string, bare, ours []time.Duration, most time.Duration) result {
	more := median(ours) - median(bare)
	return result{
		what, fmt.Sprintf("%+.3f ms (%.3f ms, %s %.3f ms)", 1e3*more.Seconds(), 1e3*median(ours).Seconds(), bareName, 1e3*median(bare).Seconds()),
		fmt.Sprintf("at most +%.2f ms", 1e3*most.Seconds()), more <= most,
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
		{"connection ended, usable again through the gateway", span(ended), "at most 1 s", median(ended) <= time.Second},
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
