package guide

import (
	"testing"

	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
)

// connection has the browser reach the program in this way.
func (w *window) connection(c network.Conditions) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, network.EmulateNetworkConditionsByRule, network.EmulateNetworkConditionsByRuleParams{
		MatchedNetworkConditions: []*network.Conditions{&c},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// TestSlowAndBrokenConnection: a slow page does what it is told, and one that was cut
// off says so and goes on where it was.
func TestSlowAndBrokenConnection(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	ready := `document.getElementById("state").textContent === "No engine"`
	w.wait("the state", ready)

	w.connection(network.Conditions{Latency: 300, DownloadThroughput: 20_000, UploadThroughput: 20_000})
	w.do("reload", chromedp.Reload())
	w.wait("the state on a slow connection", ready)
	w.openPage("connect")
	w.click("notebooks-open") // of no address
	w.wait("an answer", `document.getElementById("notebooks-note").textContent !== ""`)

	w.openPage("runtime")
	w.connection(network.Conditions{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	w.click("start")
	w.wait("that it is cut off", `!document.getElementById("gone").hidden`)
	w.connection(network.Conditions{DownloadThroughput: -1, UploadThroughput: -1})
	w.click("retry")
	w.wait("that it goes on", `document.getElementById("gone").hidden && `+ready)
}
