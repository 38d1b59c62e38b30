package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	fewLags      = 7    // starts for a lag
	moreProfiles = 50   // that are added to the built-in ones
	others       = 300  // containers that were created and never started
	renames      = 2000 // of others' containers, in a burst
)

// flat are the limits of what may grow: bytes of memory, and of a lag.
const (
	flatMemory = 2e6
	flatLag    = 10 * time.Millisecond
)

// manyProfiles compares memory and ready lag with many unused profiles and with none, in
// turn, and measures the processor time of the tray with many profiles, while nothing
// happens and while containers of others start and stop.
func manyProfiles() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	few, err := runningServer(standIn)
	if err != nil {
		return nil, err
	}
	defer few.remove()
	var more []string
	for i := range moreProfiles {
		more = append(more, fmt.Sprintf("[profiles.bench-%02d]\nport = %d", i, 18000+i))
	}
	many, err := runningServer(standIn, more...)
	if err != nil {
		return nil, err
	}
	defer many.remove()
	var sizes [2][]int64
	var lags [2][]time.Duration
	for range fewLags {
		for i, s := range []*server{few, many} {
			lag, err := s.lags(1)
			if err != nil {
				return nil, err
			}
			lags[i] = append(lags[i], lag...)
			tray, err := b.show(s.command())
			if err != nil {
				return nil, err
			}
			time.Sleep(3 * time.Second) // until the start is over
			size, err := resident(tray.Cmd)
			end(tray.Cmd)
			if err != nil {
				return nil, err
			}
			sizes[i] = append(sizes[i], size)
		}
	}
	tray, err := b.show(many.command())
	if err != nil {
		return nil, err
	}
	defer end(tray.Cmd)
	time.Sleep(5 * time.Second)
	used, _, err := processorUse(tray.Cmd, pause(20*time.Second))
	if err != nil {
		return nil, err
	}
	busy, took, err := processorUse(tray.Cmd, func() error { return othersRun(20) })
	if err != nil {
		return nil, err
	}
	each := float64(median(sizes[1])-median(sizes[0])) / moreProfiles
	share := float64(busy) / float64(took)
	return []result{
		{"memory of a profile that is not used", fmt.Sprintf("%.0f kB (%s with none, %s with %d)", each/1e3, mb(median(sizes[0])), mb(median(sizes[1])), moreProfiles), "", true},
		{"processor, 20 seconds quiet", ms(used), "at most 20 ms", used <= 20*time.Millisecond},
		{"processor while 20 containers of others come and go", fmt.Sprintf("%.2f %%", 100*share), "at most 0.5 %", share <= 0.005},
		sameLag(lags[0], lags[1]),
	}, nil
}

func sameLag(before, after []time.Duration) result {
	more := median(after) - median(before)
	return result{"ready lag", fmt.Sprintf("%s, %s without", span(after), ms(median(before))), "at most 10 ms more", more <= flatLag}
}

// manyContainers measures a tray beside many containers of others, and in a burst of
// their renames.
func manyContainers() (results []result, err error) {
	e, err := engineClient()
	if err != nil {
		return nil, err
	}
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	s, err := runningServer(standIn)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	before, err := s.lags(fewLags)
	if err != nil {
		return nil, err
	}
	tray, err := b.show(s.command())
	if err != nil {
		return nil, err
	}
	defer end(tray.Cmd)
	time.Sleep(5 * time.Second)
	small, err := resident(tray.Cmd)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.removeOthers(s.name)) }()
	creating, _, err := processorUse(tray.Cmd, func() error { return e.createOthers(s.name) })
	if err != nil {
		return nil, err
	}
	beside, _, err := processorUse(tray.Cmd, pause(20*time.Second))
	if err != nil {
		return nil, err
	}
	size, err := resident(tray.Cmd)
	if err != nil {
		return nil, err
	}
	results = append(results,
		result{fmt.Sprintf("processor while %d containers of others are created", others), ms(creating), "at most 20 ms", creating <= 20*time.Millisecond},
		result{"the same, 20 seconds quiet beside them", ms(beside), "at most 20 ms", beside <= 20*time.Millisecond},
		result{"memory", fmt.Sprintf("%+.1f MB", float64(size-small)/1e6), "at most +2 MB", float64(size-small) <= flatMemory},
	)
	after, err := s.lags(fewLags)
	if err != nil {
		return results, err
	}
	results = append(results, sameLag(before, after))
	time.Sleep(5 * time.Second) // until the last start is over for the tray, too
	if small, err = resident(tray.Cmd); err != nil {
		return results, err
	}
	burst, took, err := processorUse(tray.Cmd, func() error { return e.rename(s.name) })
	if err != nil {
		return results, err
	}
	if size, err = resident(tray.Cmd); err != nil {
		return results, err
	}
	return append(results,
		result{fmt.Sprintf("processor in a burst of %d renames of others, of %.1f s", renames, took.Seconds()), ms(burst), "at most 20 ms", burst <= 20*time.Millisecond},
		result{"memory after it", fmt.Sprintf("%+.1f MB", float64(size-small)/1e6), "at most +2 MB", float64(size-small) <= flatMemory},
	), nil
}

// othersEngine asks the engine directly, as hundreds of docker commands would take long.
type othersEngine struct{ http.Client }

func engineClient() (*othersEngine, error) {
	out, err := exec.Command("docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}").Output()
	if err != nil {
		return nil, err
	}
	socket, isSocket := strings.CutPrefix(strings.TrimSpace(string(out)), "unix://")
	if !isSocket {
		return nil, fmt.Errorf("the engine is at %s, and no socket", out)
	}
	return &othersEngine{http.Client{Transport: &http.Transport{
		MaxIdleConnsPerHost: 4,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", socket)
		},
	}}}, nil
}

func (e *othersEngine) ask(method, path, body string) error {
	request, err := http.NewRequest(method, "http://engine"+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := e.Do(request)
	if err != nil {
		return err
	}
	_ = response.Body.Close()
	if response.StatusCode >= http.StatusBadRequest {
		return fmt.Errorf("%s %s was answered with %s", method, path, response.Status)
	}
	return nil
}

// otherName does not begin with the name of ours: the engine's filter of events goes by
// how names begin.
func otherName(of string, i int) string { return fmt.Sprintf("other-%d-%s", i, of) }

func (e *othersEngine) createOthers(of string) error {
	return atATime(4, others, func(i int) error {
		return e.ask(http.MethodPost, "/containers/create?name="+otherName(of, i), fmt.Sprintf(`{"Image": %q, "Entrypoint": ["true"]}`, standIn))
	})
}

func (e *othersEngine) removeOthers(of string) error {
	return atATime(4, others, func(i int) error {
		return e.ask(http.MethodDelete, "/containers/"+otherName(of, i)+"?force=1", "")
	})
}

// rename renames one of the others again and again. Renames are the worst events: the
// program follows those of all containers, as only the new name is told.
func (e *othersEngine) rename(of string) error {
	name := otherName(of, 0)
	for i := range renames {
		next := otherName(of, others+i%2)
		if i == renames-1 {
			next = otherName(of, 0)
		}
		if err := e.ask(http.MethodPost, "/containers/"+name+"/rename?name="+url.QueryEscape(next), ""); err != nil {
			return err
		}
		name = next
	}
	return nil
}

// atATime does n things, some of them at a time.
func atATime(some, n int, do func(int) error) error {
	errs := make([]error, n)
	var all sync.WaitGroup
	slots := make(chan struct{}, some)
	for i := range n {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			errs[i] = do(i)
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// muchOutput compares starts in which the container first prints much with starts in
// which it does not, in turn: ready lag, processor time and memory of the start. And it
// measures the tray while a ready runtime goes on printing.
func muchOutput() (results []result, err error) {
	plain, err := runningServer(standIn)
	if err != nil {
		return nil, err
	}
	defer plain.remove()
	for _, loud := range []struct{ name, script string }{
		{"100 MB without a line break before the server starts", `head -c 100000000 /dev/zero | tr '\0' x; exec start-notebook.sh "$@"`},
		{"10 000 lines a second", `while :; do seq 1000; sleep 0.1; done & exec start-notebook.sh "$@"`},
	} {
		s, err := runningServer(standIn, fmt.Sprintf(`command = ["bash", "-c", %q, "bash"]`, loud.script))
		if err != nil {
			return results, err
		}
		defer s.remove()
		compared, err := s.compareStarts(plain)
		if err != nil {
			return results, err
		}
		for _, r := range compared {
			r.what += ", " + loud.name
			results = append(results, r)
		}
		if !strings.Contains(loud.script, "while") {
			continue
		}
		r, err := s.listen()
		if err != nil {
			return results, err
		}
		results = append(results, r...)
	}
	return results, nil
}

// compareStarts compares starts of the server with those of another one, in turn.
func (s *server) compareStarts(plain *server) ([]result, error) {
	var lags, used [2][]time.Duration
	var sizes [2][]int64
	for range fewLags {
		for i, one := range []*server{plain, s} {
			if err := one.stop(); err != nil {
				return nil, err
			}
			start := one.command("start")
			answered, shown, err := one.run(start)
			if err != nil {
				return nil, err
			}
			lags[i] = append(lags[i], shown.Sub(answered))
			used[i] = append(used[i], start.ProcessState.UserTime()+start.ProcessState.SystemTime())
			sizes[i] = append(sizes[i], start.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
		}
	}
	more := median(sizes[1]) - median(sizes[0])
	return []result{
		sameLag(lags[0], lags[1]),
		{"processor of the start", fmt.Sprintf("%s, %s without", ms(median(used[1])), ms(median(used[0]))), "", true},
		{"peak memory of the start", fmt.Sprintf("%+.1f MB", float64(more)/1e6), "at most +2 MB", float64(more) <= flatMemory},
	}, nil
}

// listen measures a tray while the ready runtime prints.
func (s *server) listen() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	tray, err := b.show(s.command())
	if err != nil {
		return nil, err
	}
	defer end(tray.Cmd)
	time.Sleep(5 * time.Second)
	before, err := resident(tray.Cmd)
	if err != nil {
		return nil, err
	}
	used, took, err := processorUse(tray.Cmd, pause(20*time.Second))
	if err != nil {
		return nil, err
	}
	after, err := resident(tray.Cmd)
	if err != nil {
		return nil, err
	}
	share := float64(used) / float64(took)
	return []result{
		{"processor of the tray while a ready runtime prints 10 000 lines a second", fmt.Sprintf("%.2f %%", 100*share), "", true},
		{"its memory after 20 seconds of that", fmt.Sprintf("%+.1f MB", float64(after-before)/1e6), "at most +2 MB", float64(after-before) <= flatMemory},
	}, nil
}
