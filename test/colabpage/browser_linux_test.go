package colabpage

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"colabtray/test/testenv"

	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/chromedp"
)

//go:embed page.js
var script string

// The origins that a page can have here.
const (
	colabOrigin   = "https://colab.research.google.com"
	foreignOrigin = "https://evil.example"
)

// longEnough bounds what a page does, and is only used up when it hangs.
const longEnough = 5 * time.Minute

// page is a page of some origin, open in a browser of its own.
type page struct {
	t   *testing.T
	ctx context.Context

	mu  sync.Mutex
	log []string // of the browser's console
}

// openPage opens the page in a new browser, which finds the server but no other
// on this machine. The permission to reach this machine has the given setting.
func openPage(t *testing.T, origin string, permission browser.PermissionSetting, s server) *page {
	t.Helper()
	testenv.NeedCommand(t, "chromium")
	site := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprintf(w, "<!doctype html><title>Colab's part</title><link rel=icon href=data:,><script>%s</script>", script)
	}))
	t.Cleanup(site.Close)
	network := testenv.NewNetwork(t)
	network.Open(s.port)
	network.Open(site.Listener.Addr().(*net.TCPAddr).Port)

	p := &page{t: t}
	p.start(network.Command("chromium"), site.Listener.Addr().String(), origin)
	if err := chromedp.Listen(p.ctx, p.listen); err != nil {
		t.Fatal(err)
	}
	_, err := cdp.Call(p.ctx, chromedp.FromContext(p.ctx).Browser, browser.SetPermission, browser.SetPermissionParams{
		Permission: &browser.PermissionDescriptor{Name: "loopback-network"}, Setting: permission,
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(p.ctx, chromedp.Navigate(origin+"/")); err != nil {
		t.Fatal(err)
	}
	if got, err := chromedp.Run(p.ctx, chromedp.Evaluate[string]("origin")); err != nil || got != origin {
		t.Fatalf("the page's origin is %q (%v)", got, err)
	}
	return p
}

// start starts the browser by its command. It takes the site at that address for the one of
// the origin, and for one on the public internet.
func (p *page) start(command, address, origin string) {
	p.t.Helper()
	u, err := url.Parse(origin)
	if err != nil {
		p.t.Fatal(err)
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(command),
		chromedp.NoSandbox,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("ignore-certificate-errors", true),
		chromedp.Flag("host-resolver-rules", fmt.Sprintf("MAP %s:443 %s", u.Host, address)),
		chromedp.Flag("ip-address-space-overrides", address+"=public"),
	)
	ctx, cancel := context.WithTimeout(context.Background(), longEnough)
	ctx, cancelBrowser := chromedp.NewExecAllocator(ctx, options...)
	// chromedp does not know every word of a newer browser, and says so.
	ctx, cancelPage := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	p.ctx = ctx
	p.t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			p.t.Errorf("the browser does not end: %v", err)
		}
		cancelPage()
		cancelBrowser()
		cancel()
		if p.t.Failed() {
			p.t.Logf("the browser's console:\n%s", p.console())
		}
	})
}

func (p *page) listen(event any) {
	if e, is := event.(*log.EventEntryAdded); is {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.log = append(p.log, e.Entry.Text)
	}
}

// console returns what the browser told its developers' console.
func (p *page) console() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return strings.Join(p.log, "\n")
}

// result is how a step of the page went.
type result struct {
	Step string
	OK   bool
	Got  string
}

// connect has the page do all its steps.
func (p *page) connect(base, token string) []result {
	p.t.Helper()
	return p.evaluate("connect", base, token)
}

// connects fails the test unless the page does all its steps with a server at that
// address, where a cell runs.
func (p *page) connects(t *testing.T, s server, base string) {
	t.Helper()
	var done []string
	for _, r := range p.connect(base, s.token) {
		done = append(done, r.Step)
		if !r.OK || r.Step == "cell" && r.Got != s.name {
			t.Errorf("%s: %s: %v %s, the server is %s", base, r.Step, r.OK, r.Got, s.name)
		}
	}
	if !slices.Equal(done, steps) {
		t.Errorf("%s: the page did %v", base, done)
	}
}

// evaluate calls a function of the page and returns the results it promises.
func (p *page) evaluate(function string, arguments ...any) []result {
	p.t.Helper()
	encoded, err := json.Marshal(arguments)
	if err != nil {
		p.t.Fatal(err)
	}
	results, err := chromedp.Run(p.ctx, chromedp.Evaluate[[]result](fmt.Sprintf("%s(...%s)", function, encoded), chromedp.EvalAwaitPromise))
	if err != nil {
		p.t.Fatal(err)
	}
	return results
}
