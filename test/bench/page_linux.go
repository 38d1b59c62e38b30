package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	cdpage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
)

// firstState notes when the page shows the state of the runtime, in milliseconds since
// the page was asked for.
const firstState = `new MutationObserver((_, observer) => {
	const state = document.getElementById("status")?.dataset.state ?? "unknown";
	if (state === "unknown") return;
	observer.disconnect();
	window.firstState = performance.now();
}).observe(document, { subtree: true, childList: true, attributes: true })`

// transferred is the number of bytes that were sent for the page.
const transferred = `performance.getEntries().reduce((sum, e) => sum + (e.transferSize ?? 0), 0)`

// page measures how fast the tray's page is in a browser that runs already, each time
// with nothing in its cache.
func page() ([]result, error) {
	b, err := newBus()
	if err != nil {
		return nil, err
	}
	defer b.close()
	s, tray, err := stoppedTray(b, standIn)
	if err != nil {
		return nil, err
	}
	defer s.remove()
	defer end(tray.Cmd)
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, chromedp.Flag("disable-quic", true))
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	ctx, endBrowser := chromedp.NewExecAllocator(ctx, options...)
	defer endBrowser()
	// chromedp does not know every word of a newer browser, and says so.
	ctx, endPage := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	defer endPage()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		return nil, err
	}
	hello := httptest.NewServer(http.HandlerFunc(helloPage))
	defer hello.Close()
	var shown, least []time.Duration
	var bytes int64
	for range rounds {
		address, err := s.pageAddress(tray)
		if err != nil {
			return nil, err
		}
		took, size, err := visit(ctx, address)
		if err != nil {
			return nil, err
		}
		shown, bytes = append(shown, took), max(bytes, size)
		if took, _, err = visit(ctx, hello.URL); err != nil {
			return nil, err
		}
		least = append(least, took)
	}
	return []result{
		{"request to the state in a page that has nothing else", span(least), "", true},
		{"request to the first state shown", span(shown), "median at most 100 ms", median(shown) <= 100*time.Millisecond},
		{"bytes transferred", fmt.Sprintf("%.1f kB", float64(bytes)/1e3), "at most 60 kB", bytes <= 60e3},
	}, nil
}

// helloPage asks for a state by a script, and shows it.
func helloPage(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/state" {
		_, _ = w.Write([]byte("stopped"))
		return
	}
	w.Header().Set("Content-Type", "text/html")
	_, _ = w.Write([]byte(`<!doctype html><p id="status"></p><script>fetch("/state").then(async (r) => {
		const status = document.getElementById("status");
		status.dataset.state = status.textContent = await r.text();
	});</script>`))
}

// visit opens a page in another context of the browser, which has no cache.
func visit(ctx context.Context, address string) (took time.Duration, bytes int64, err error) {
	ctx, leave := chromedp.NewContext(ctx, chromedp.WithNewBrowserContext())
	defer leave()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank")); err != nil {
		return 0, 0, err
	}
	if _, err := chromedp.Call(ctx, cdpage.AddScriptToEvaluateOnNewDocument, cdpage.AddScriptToEvaluateOnNewDocumentParams{Source: firstState}); err != nil {
		return 0, 0, err
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		return 0, 0, err
	}
	err = within(time.Minute, func() error {
		at, err := chromedp.Run(ctx, chromedp.Evaluate[float64]("window.firstState ?? 0"))
		if err == nil && at == 0 {
			err = errors.New("the page shows no state")
		}
		took = time.Duration(at * float64(time.Millisecond))
		return err
	})
	if err != nil {
		return 0, 0, err
	}
	size, err := chromedp.Run(ctx, chromedp.Evaluate[float64](transferred))
	return took, int64(size), err
}
