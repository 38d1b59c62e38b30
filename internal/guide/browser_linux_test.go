package guide

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime/pprof"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/browser"
	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// window is a real browser's, with the guide in it.
type window struct {
	t       *testing.T
	ctx     context.Context
	network *testenv.Network

	mu    sync.Mutex
	asked []string // addresses of all requests
}

// openWindow opens the guide in a browser that reaches it, these other servers
// and nothing else.
func openWindow(t *testing.T, r *rig, others ...string) *window {
	t.Helper()
	testenv.Takes(t, "a browser has to start")
	testenv.NeedCommand(t, "chromium")
	address, origin := r.address()
	w := &window{t: t, network: testenv.NewNetwork(t)}
	u, err := url.Parse(origin)
	if err != nil {
		t.Fatal(err)
	}
	for _, host := range append(others, u.Host) {
		address, err := net.ResolveTCPAddr("tcp", host)
		if err != nil {
			t.Fatal(err)
		}
		w.network.Open(address.Port)
	}

	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(w.network.Command("chromium")), chromedp.NoSandbox, chromedp.Flag("disable-quic", true))
	ctx, cancel := context.WithTimeout(context.Background(), 2*longEnough)
	ctx, cancelBrowser := chromedp.NewExecAllocator(ctx, options...)
	// chromedp does not know every word of a newer browser, and says so.
	ctx, cancelPage := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {}))
	w.ctx = ctx
	t.Cleanup(func() {
		if t.Failed() {
			w.picture("failed")
			text, err := chromedp.Run(ctx, chromedp.Evaluate[string]("document.body.innerText"))
			t.Logf("the page says (%v):\n%.4000s", err, text)
			_ = pprof.Lookup("goroutine").WriteTo(t.Output(), 1)
		}
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("the browser does not end: %v", err)
		}
		cancelPage()
		cancelBrowser()
		cancel()
	})
	err = chromedp.Listen(ctx, func(event any) {
		if e, is := event.(*network.EventRequestWillBeSent); is {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.asked = append(w.asked, e.Request.URL)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := chromedp.Call(ctx, network.Enable, network.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	for _, permission := range []string{"clipboard-read", "clipboard-write"} {
		_, err := cdp.Call(ctx, chromedp.FromContext(ctx).Browser, browser.SetPermission, browser.SetPermissionParams{
			Permission: &browser.PermissionDescriptor{Name: permission}, Setting: browser.PermissionSettingGranted,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	w.size(1100, 900, false)
	w.do("open the guide", chromedp.Navigate(address))
	w.wait("the page", `location.pathname === "/" && location.search === "" && (document.getElementById("status")?.dataset.state ?? "unknown") !== "unknown"`)
	return w
}

func (w *window) do(what string, action chromedp.Action[chromedp.Void]) {
	w.t.Helper()
	if err := chromedp.Do(w.ctx, action); err != nil {
		w.t.Fatalf("%s: %v", what, err)
	}
}

// tab is another tab of the window's browser.
func (w *window) tab(options ...chromedp.ContextOption) *window {
	ctx, cancel := chromedp.NewContext(w.ctx, options...)
	w.t.Cleanup(cancel)
	return &window{t: w.t, ctx: ctx, network: w.network}
}

// still is a condition that holds once what has an id is where it was when it was asked
// last: answers that arrive move what is below them.
const still = `(() => {
	const element = document.getElementById(%q);
	element.scrollIntoView({ block: "nearest" });
	const before = element.place;
	element.place = JSON.stringify(element.getBoundingClientRect());
	return element.place === before;
})()`

// click clicks on what has the id, once that can be clicked.
func (w *window) click(id string) {
	w.t.Helper()
	w.wait(id, fmt.Sprintf(`!document.getElementById(%[1]q).disabled && document.getElementById(%[1]q).ariaDisabled !== "true"`, id))
	w.turnTo(id)
	// On a busy machine the page can move between a look at the place and the click there.
	testenv.WaitFor(w.t, "a click on "+id, func() error {
		w.wait(id+" to stand still", fmt.Sprintf(still, id))
		value[bool](w, fmt.Sprintf(`(window.missed = true, document.getElementById(%q).addEventListener("click", () => { window.missed = false; }, {once: true, capture: true}), true)`, id))
		w.do("click on "+id, chromedp.Click("#"+id))
		if missed, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("window.missed === true")); err == nil && missed {
			return errors.New("it went elsewhere")
		}
		return nil
	})
}

// turnTo shows the page that has what has the id, if it is on one.
func (w *window) turnTo(id string) {
	w.t.Helper()
	page := fmt.Sprintf(`document.getElementById(%q).closest(".page")`, id)
	value[bool](w, page+`?.hidden === true && (location.hash = "#/" + `+page+`.dataset.page, true)`)
	w.wait("the page of "+id, page+`?.hidden !== true`)
}

// wait waits for a condition in the page, also while it goes on to another.
func (w *window) wait(what, condition string) {
	w.t.Helper()
	testenv.WaitFor(w.t, what, func() error {
		is, err := chromedp.Run(w.ctx, chromedp.Evaluate[bool]("!!("+condition+")"))
		if err == nil && !is {
			err = errors.New("not yet")
		}
		return err
	})
}

// value is that of an expression in the page.
func value[T any](w *window, expression string) T {
	w.t.Helper()
	v, err := chromedp.Run(w.ctx, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
	if err != nil {
		w.t.Fatalf("%s: %v", expression, err)
	}
	return v
}

func (w *window) text(id string) string {
	w.t.Helper()
	return value[string](w, fmt.Sprintf(`document.getElementById(%q).textContent`, id))
}

func (w *window) size(width, height int64, dark bool) {
	w.t.Helper()
	w.do("size", chromedp.EmulateViewport(width, height))
	scheme := "light"
	if dark {
		scheme = "dark"
	}
	w.media("prefers-color-scheme", scheme)
}

// media has the page told that a feature of the screen has a value.
func (w *window) media(feature, value string) {
	w.t.Helper()
	_, err := chromedp.Call(w.ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{
		Features: []*emulation.MediaFeature{{Name: feature, Value: value}},
	})
	if err != nil {
		w.t.Fatal(err)
	}
}

// picture keeps one of the whole page in the directory that
// COLAB_TRAY_TEST_PICTURES names, if it does.
func (w *window) picture(name string) {
	dir := os.Getenv("COLAB_TRAY_TEST_PICTURES")
	if dir == "" {
		return
	}
	picture, err := chromedp.Run(w.ctx, chromedp.FullScreenshot(100))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o600)
	}
	if err != nil {
		w.t.Error(err)
	}
}

// pictures keeps one of each kind of window.
func (w *window) pictures(name string) {
	w.t.Helper()
	if os.Getenv("COLAB_TRAY_TEST_PICTURES") == "" {
		return
	}
	for kind, dark := range map[string]bool{"light": false, "dark": true} {
		w.size(1100, 900, dark)
		w.picture(name + "-" + kind)
		w.size(360, 740, dark)
		w.picture(name + "-narrow-" + kind)
	}
	w.size(1100, 900, false)
	w.media("forced-colors", "active")
	w.picture(name + "-forced")
	w.media("forced-colors", "none")
}

// TestGuide does what a person does with the guide.
func TestGuide(t *testing.T) {
	t.Parallel()
	r := newRig(t, testenv.Server2)
	w := openWindow(t, r)
	w.wait("the state", `document.getElementById("state").textContent === "Not started yet"`)
	w.pictures("absent")

	w.click("start")
	w.wait("a ready runtime", `document.getElementById("state").textContent === "Ready"`)
	if at := value[string](w, `document.activeElement.id`); at != "start" {
		t.Errorf("after a start the focus is at %q", at)
	}
	token := r.manager.Snapshot().URL.Token().Reveal()
	address := r.manager.Snapshot().URL.Reveal()
	if html := value[string](w, `document.documentElement.outerHTML`); strings.Contains(html, token) {
		t.Error("the page has the token before it is asked for")
	}

	// The image has neither JupyterLab nor Jupyter Notebook.
	var p *problem.Problem
	if address, err := r.JupyterURL(t.Context()); !errors.As(err, &p) || p.Code != problem.NoPage || !strings.Contains(p.Hint, testenv.Server2) {
		t.Errorf("the address of Jupyter's own page is %q, %v", address, err)
	}

	w.click("show")
	w.wait("the Backend URL", fmt.Sprintf(`document.getElementById("url").value === %q`, address))
	w.click("show")
	if shown := value[string](w, `document.getElementById("url").value`); strings.Contains(shown, token) {
		t.Error("the token is not hidden again")
	}
	w.click("copy")
	w.wait("the copy", `document.getElementById("url-note").textContent.includes("copied")`)
	if got := value[string](w, `navigator.clipboard.readText()`); got != address {
		t.Errorf("%d characters are copied, not the Backend URL", len(got))
	}

	w.click("check-run")
	w.wait("a first step", `document.querySelectorAll("#check-steps li").length > 0`)
	w.wait("the verdict", `document.getElementById("verdict").className !== ""`)
	if got := w.text("verdict"); got != "Colab can connect to "+r.profile.Runtime+"." {
		t.Errorf("the verdict is %q:\n%s", got, w.text("check-steps"))
	}
	if steps := value[int](w, `document.querySelectorAll("#check-steps li.ok").length`); steps < 13 {
		t.Errorf("%d steps are ok", steps)
	}

	w.turnTo("steps")
	w.wait("steps that were not done", `!document.getElementById("again").hidden && document.getElementById("steps-box").open`)
	w.click("steps-copy")
	w.wait("the copy on the page Connect", `document.getElementById("steps-note").textContent.includes("copied")`)
	kernels, err := http.Post(strings.Replace(address, "/?", "/api/kernels?", 1), "application/json", strings.NewReader("{}"))
	if err != nil || kernels.StatusCode != http.StatusCreated {
		t.Fatalf("a kernel: %v, %v", kernels, err)
	}
	_ = kernels.Body.Close()
	w.turnTo("status")
	w.turnTo("steps")
	w.wait("folded steps, as a notebook is connected", `!document.getElementById("steps-box").open`)

	w.click("logs-toggle")
	w.wait("masked output", `document.getElementById("logs-box").textContent.includes("token=[redacted]")`)
	if strings.Contains(w.text("logs-box"), token) {
		t.Error("the token is in the output")
	}
	w.turnTo("use")
	w.wait("measurements", `document.querySelector("#use-cpu .line").getAttribute("d").split("L").length > 2 &&
		/of .* GB/.test(document.querySelector("#use-memory .value").textContent)`)

	w.wait("the graphics card", `document.querySelector("#use-gpu .value").textContent === "50%" && !document.getElementById("use-gpu").hidden &&
		document.querySelector("#use-vram .value").textContent === "3.0 GB of 12.0 GB" && !document.getElementById("use-vram").hidden`)
	if got := value[string](w, `document.querySelector("#use-vram .scale").textContent`); got != "0 to 12.0 GB, last 2 minutes, peak 3.0 GB" {
		t.Errorf("the scale of the card's memory is %q", got)
	}
	w.wait("the network", `/^0 to .*\/s, last 2 minutes, peak .*\/s$/.test(document.querySelector("#use-network .scale").textContent) && !document.getElementById("use-network").hidden`)
	w.freeKernels(r)

	testenv.Docker(t, "exec", "--user", "0", r.profile.Runtime, "sh", "-c", `cd "$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" &&
		mkdir greeter-1.5.dist-info && printf 'Name: greeter\nVersion: 1.5\n' > greeter-1.5.dist-info/METADATA`)
	w.click("packages-look")
	w.wait("the package", `document.getElementById("packages-lost").textContent.startsWith("greeter 1.5")`)
	w.click("packages-keep-all")
	w.wait("the package kept", `document.getElementById("packages-lost").textContent.includes("each new container installs it")`)
	if len(r.kept) != 1 || r.kept[0] != "greeter==1.5" {
		t.Errorf("the settings keep %q", r.kept)
	}

	w.click("report")
	w.wait("the report", `document.getElementById("report-note").textContent.includes("copied")`)
	if got := value[string](w, `navigator.clipboard.readText()`); got != "the report of "+r.profile.Runtime {
		t.Errorf("the report is %q", got)
	}
	w.pictures("ready")

	w.click("show")
	w.wait("the Backend URL again", fmt.Sprintf(`document.getElementById("url").value === %q`, address))
	if got := w.text("warnings"); got != "" {
		t.Errorf("the page warns of nothing: %q", got)
	}
	at := fmt.Sprintf("[::1]:%d", r.profile.Port)
	another, err := net.Listen("tcp6", at)
	testenv.Need(t, "IPv6 on the loopback interface", err == nil)
	defer another.Close()
	w.click("restart")
	w.wait("another start", `document.getElementById("state").textContent !== "Ready"`)
	w.wait("a ready runtime again", `document.getElementById("state").textContent === "Ready"`)
	if shown := value[string](w, `document.getElementById("url").value`); strings.Contains(shown, token) {
		t.Error("the page shows the token of before the restart")
	}
	if got := w.text("state-hint"); !strings.Contains(got, "has changed") {
		t.Errorf("the page says %q of another token", got)
	}
	if got := w.text("warnings"); !strings.Contains(got, "Another program listens at "+at) {
		t.Errorf("beside another program the page warns of %q", got)
	}
	if got := value[string](w, `document.getElementById("url").value`); !strings.HasPrefix(got, fmt.Sprintf("http://127.0.0.1:%d/", r.profile.Port)) {
		t.Errorf("beside another program the Backend URL is %q", got)
	}

	testenv.WaitFor(t, "a pause", func() error { // which the engine can refuse while a health check begins
		return exec.Command("docker", "--host", testenv.Engine(t), "pause", r.profile.Runtime).Run()
	})
	w.wait("a paused runtime", `document.getElementById("state").textContent === "Paused" && document.getElementById("start").hidden`)
	w.pictures("paused")
	w.click("continue")
	w.wait("that it goes on", `document.getElementById("state").textContent === "Ready" && document.getElementById("continue").hidden`)

	w.click("stop")
	w.wait("a stopped runtime", `document.getElementById("state").textContent === "Stopped"`)
	if at := value[string](w, `document.activeElement.id`); at != "stop" {
		t.Errorf("after a stop the focus is at %q", at)
	}
	w.pictures("stopped")

	_, origin := r.address()
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.asked) < 10 {
		t.Errorf("the browser asked for no more than %q", w.asked)
	}
	for _, address := range w.asked {
		if !strings.HasPrefix(address, origin+"/") {
			t.Errorf("the page asks for %s", address)
		}
	}
}

// TestJupyterInBrowser opens Jupyter's own page where there is one.
func TestJupyterInBrowser(t *testing.T) {
	t.Parallel()
	r := newRig(t, testenv.Notebook6)
	if err := r.manager.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := r.manager.Snapshot().URL.Token().Reveal()
	address, err := r.JupyterURL(t.Context())
	if err != nil || strings.Contains(address, token) {
		t.Fatalf("the address is %q, %v", address, err)
	}
	w := openWindow(t, r, fmt.Sprintf("127.0.0.1:%d", r.profile.Port))
	w.do("open Jupyter", chromedp.Navigate(address))
	w.wait("the files", `location.pathname === "/tree" && document.querySelector("#notebook_list .list_item")`)
	w.pictures("jupyter")
	if asked := value[int](w, `(async () => (await fetch("/api/contents")).status)()`); asked != http.StatusOK {
		t.Errorf("the page asks for the files and is answered with %d", asked)
	}
	if referrer := value[string](w, `document.referrer`); referrer != "" {
		t.Errorf("Jupyter is told where one comes from: %q", referrer)
	}
	w.do("open Jupyter again", chromedp.Navigate(address))
	w.wait("a refusal", `location.pathname === "/jupyter" && !document.getElementById("status")`)
	if log := r.log.String(); strings.Contains(log, token) {
		t.Error("the token is in the log")
	}
}

// TestGuideSaysWhatIsWrong shows problems, and that a page whose program has
// ended says so.
func TestGuideSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	w.wait("the state", `document.getElementById("state").textContent === "No engine"`)
	w.wait("help", `document.getElementById("ways").textContent.includes("sudo dnf install moby-engine")`)
	if got := w.text("install-text"); !strings.Contains(got, "Fedora Linux 41") {
		t.Errorf("the page says %q", got)
	}
	w.pictures("noengine")
	w.wait("an act", `document.querySelector("#acts button").checkVisibility()`)
	w.do("click on an act", chromedp.Click("#acts button"))
	if got := <-r.acts; !slices.Contains(r.manager.Snapshot().Acts(), got) {
		t.Errorf("the page asked for %v", got)
	}
	r.publish(&actionMessage{Short: "That did not work", Hint: "Try another."})
	w.wait("what became of it", `document.getElementById("acts-note").textContent === "That did not work. Try another."`)
	r.Close()
	w.wait("the end", `!document.getElementById("gone").hidden`)
	w.pictures("gone")

	// The program again: its new address opens it, and the window of before stays lost.
	again := openWindow(t, r)
	again.wait("the state again", `document.getElementById("state").textContent === "No engine" && document.getElementById("gone").hidden`)
	w.wait("an answer at once", `document.getElementById("retry").click(), document.getElementById("gone-note").textContent === "Trying…"`)
	w.wait("that it is still lost", `!document.getElementById("gone").hidden && document.getElementById("gone-note").textContent === "Colab Tray still does not answer."`)
}

// TestNotebooksInBrowser opens a notebook by its address, and has it forgotten.
func TestNotebooksInBrowser(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	w.wait("the state", `document.getElementById("state").textContent === "No engine"`)
	open := func(address string) {
		t.Helper()
		w.do("address", chromedp.SetValue("#notebooks-address", address))
		w.click("notebooks-open")
	}
	open("https://example.com/<b>p.ipynb")
	w.wait("a refusal", `document.getElementById("notebooks-note").textContent.includes("not of example.com.")`)
	value[bool](w, `(window.open = (...all) => { window.opened = all.join(" "); return null; }, true)`)
	open("github.com/U/R/blob/main/%3Cb%3Ep.ipynb")
	w.wait("the notebook", `window.opened === "https://colab.research.google.com/github/U/R/blob/main/%3Cb%3Ep.ipynb _blank noopener,noreferrer"`)
	w.wait("the list", `document.querySelector("#notebooks-list a")?.textContent === "<b>p.ipynb (U/R)" && !document.getElementById("notebooks-recent").hidden`)
	if got := w.text("notebooks-note"); got != "" {
		t.Errorf("the page still says %q", got)
	}
	w.pictures("notebooks")
	w.click("notebooks-forget")
	w.wait("nothing", `document.getElementById("notebooks-recent").hidden`)
	if got := r.Recent.List(); len(got) > 0 {
		t.Errorf("remembered are %v", got)
	}
}

// TestPortsInBrowser looks at what listens in a runtime, and opens it.
func TestPortsInBrowser(t *testing.T) {
	testenv.Takes(t, "Jupyter has to start")
	t.Parallel()
	p := config.Default()
	p.Runtime, p.Image, p.Port = testenv.RuntimeName(t), testenv.Image(t, testenv.Server2), testenv.FreePort(t)
	p.Ports = []config.PublishedPort{{Host: testenv.FreePort(t), Container: 6006}}
	r := open(t, testenv.Engine(t), p)
	if err := r.manager.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, args := range []string{"6006", "6007 --bind 127.0.0.1"} {
		testenv.DockerAt(t, testenv.Engine(t), "exec", "-d", p.Runtime, "sh", "-c", "cd /opt && exec python3 -m http.server "+args)
	}
	w := openWindow(t, r, fmt.Sprintf("127.0.0.1:%d", p.Ports[0].Host))
	w.wait("the state", `document.getElementById("state").textContent === "Ready"`)
	w.turnTo("ports")
	w.wait("the ports", `document.getElementById("ports-look").ariaDisabled !== "true" &&
		(document.querySelectorAll("#ports-list li").length === 2 || document.getElementById("ports-look").click())`)
	link := fmt.Sprintf("http://127.0.0.1:%d/", p.Ports[0].Host)
	if got := value[string](w, `document.querySelector("#ports-list li a").href`); got != link {
		t.Errorf("the page opens %s, not %s", got, link)
	}
	want := fmt.Sprintf(`ports = ["%d:6006", 6007]`, p.Ports[0].Host)
	if got := value[string](w, `document.querySelector("#ports-list li code").textContent`); got != want {
		t.Errorf("the setting is %s, not %s", got, want)
	}
	if got := value[string](w, `document.querySelector("#ports-list li:last-child").textContent`); !strings.Contains(got, "for the container alone") {
		t.Errorf("of the other port the page says %q", got)
	}
	w.pictures("ports")
	w.do("publish it", chromedp.Click("#ports-list li:last-child p button"))
	w.wait("that it is in the settings", `document.querySelector("#ports-list li:last-child [role=status]").textContent.includes("Restart the runtime")`)
	if settings, err := config.Load(config.Sources{File: r.file}); err != nil || !slices.Equal(settings.Profile.Ports, []config.PublishedPort{p.Ports[0], {Host: 6007, Container: 6007}}) {
		t.Errorf("the settings publish %v, %v", settings.Profile.Ports, err)
	}
	w.do("open the port", chromedp.Navigate(link))
	w.wait("the program", `document.title.startsWith("Directory listing")`)
}

// TestGuideTranslated looks in every language for what is still English in the page,
// and in what is said of it but not shown, and for what has no room.
func TestGuideTranslated(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	i18n.Use(i18n.English)
	english := texts()
	r := withoutEngine(t)
	for _, language := range i18n.Languages()[1:] {
		t.Run(language, func(t *testing.T) {
			i18n.Use(language)
			testGuideTranslated(t, r, english)
		})
	}
}

func testGuideTranslated(t *testing.T, r *rig, english map[string]string) {
	language, own := i18n.Language(), texts()
	w := openWindow(t, r)
	state := i18n.T("state.title.noengine")
	w.wait("the state", fmt.Sprintf(`document.getElementById("state").textContent === %q`, state))
	for expression, want := range map[string]string{
		`document.documentElement.lang`:                          language,
		`document.title`:                                         state + " – Colab Tray",
		`document.getElementById("copy").textContent`:            own["url.copy"],
		`document.querySelector("#steps .steps h3").textContent`: own["steps.copy"],
		`document.querySelector("#ways h3").textContent`:         i18n.T("install.engine"),
		`document.querySelector("#ways button").textContent`:     own["copy"],
		`document.getElementById("url").value`:                   own["url.none"],
		`document.querySelector("#check-steps").ariaLabel`:       own["check.steps"],
		`document.querySelector("#use-cpu .value").textContent`:  own["use.waiting"],
		`document.getElementById("state-hint").textContent`:      i18n.T("state.hint.noengine", "engine", "Docker"),
	} {
		if got := value[string](w, expression); got != want {
			t.Errorf("%s is %q, not %q", expression, got, want)
		}
	}
	if allow := value[string](w, `document.querySelector("#browser-text strong").textContent`); allow == "Allow" || !strings.Contains(own["allow.chrome"], allow) {
		t.Errorf("what the browser is to be told is %q", allow)
	}

	all := value[string](w, `document.body.textContent + [...document.querySelectorAll("*")]
		.flatMap((e) => [...e.attributes].map((a) => a.value)).join("\n") + document.getElementById("url").value`)
	found := 0
	plain := strings.NewReplacer("*", "", "`", "")
	// What is clicked in Colab is named in English too where a language's own names differ.
	named := plain.Replace(strings.Join(slices.Collect(maps.Values(own)), "\n"))
	for name, text := range english {
		for _, part := range regexp.MustCompile(`\{\w+\}`).Split(plain.Replace(text), -1) {
			if len(part) > 15 && !strings.Contains(named, part) && strings.Contains(all, part) {
				t.Errorf("the page says %q, which is %s in English", part, name)
			}
		}
		if strings.Contains(all, plain.Replace(own[name])) {
			found++
		}
	}
	if found < len(own)/2 {
		t.Errorf("only %d of %d texts are in the page", found, len(own))
	}
	w.openPage("connect")
	if value[float64](w, `document.querySelector(".drawing text").getBBox().width`) == 0 {
		t.Error("the drawings have no size")
	}
	for _, long := range value[[]string](w, `[...document.querySelectorAll(".drawing text")].filter((text) => {
			const own = text.getBBox(), right = own.x + own.width;
			const around = [...text.parentNode.querySelectorAll("rect")].map((r) => r.getBBox())
				.filter((r) => r.x < own.x && r.y < own.y && own.y + own.height < r.y + r.height && own.x < r.x + r.width);
			const before = [...text.parentNode.querySelectorAll("rect.chip, .mark")].map((r) => r.getBBox())
				.filter((r) => own.x < r.x && r.y < own.y + own.height && own.y < r.y + r.height);
			return around.some((r) => right > r.x + r.width) || before.some((r) => right > r.x);
		}).map((text) => text.textContent)`) {
		t.Errorf("there is no room in the drawing for %q", long)
	}
	for _, name := range pages {
		w.openPage(name)
		w.pictures(language + "-" + name)
		w.size(360, 740, false)
		if wide := value[int](w, `document.documentElement.scrollWidth`); wide > 360 {
			t.Errorf("the page %s is %d px wide in a window of 360", name, wide)
		}
		for _, cut := range value[[]string](w, `[...document.querySelectorAll("button, a, h1, h2, h3, label")]
				.filter((e) => e.scrollWidth > e.clientWidth + 1 && e.clientWidth > 1 && getComputedStyle(e).display !== "inline")
				.map((e) => e.textContent.trim())`) {
			t.Errorf("on the page %s there is no room for %q", name, cut)
		}
		w.size(1100, 900, false)
	}
	w.openPage("settings")
	value[bool](w, `(() => {
		const language = document.getElementById("settings-preferences-language");
		language.value = "en";
		return language.dispatchEvent(new Event("change"));
	})()`)
	w.wait("the settings in English", `document.documentElement.lang === "en" && document.querySelector(".page[data-page=settings] h1").checkVisibility()`)
}

// TestOtherPages has a server on another port of the same host, visited in the same
// browser: it is sent nothing that opens the guide, and its page gets nothing of the
// guide and does nothing to it.
func TestOtherPages(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	var mu sync.Mutex
	var sent []http.Header
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		sent = append(sent, r.Header)
		mu.Unlock()
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, "<!doctype html><title>another</title><link rel=icon href=data:,>")
	}))
	t.Cleanup(other.Close)
	w := openWindow(t, r, other.Listener.Addr().String())
	_, origin := r.address()
	w.do("open another page", chromedp.Navigate(other.URL))

	encoded, _ := json.Marshal(origin)
	script := fmt.Sprintf(`(async () => {
		const origin = %s, got = [];
		const attempt = async (what, f) => { try { got.push(what + ": " + await f()); } catch (e) { got.push(what + ": refused"); } };
		for (const path of ["/", "/page.js", "/live"])
			await attempt("GET " + path, async () => (await fetch(origin + path, { credentials: "include" })).status);
		for (const path of ["/start", "/url", "/report"]) {
			await attempt("POST " + path, async () => (await fetch(origin + path, { method: "POST", credentials: "include" })).status);
			await attempt("POST with the header " + path, async () => (await fetch(origin + path, { method: "POST", credentials: "include", headers: { "X-Colab-Tray": "1" } })).status);
			await attempt("POST blind " + path, async () => (await fetch(origin + path, { method: "POST", mode: "no-cors", credentials: "include" })).type);
		}
		await attempt("script", () => new Promise((yes, no) => { const s = document.createElement("script"); s.onload = () => yes("loaded"); s.onerror = no; s.src = origin + "/page.js"; document.head.append(s); }));
		await attempt("image", () => new Promise((yes, no) => { const s = new Image(); s.onload = () => yes("loaded"); s.onerror = no; s.src = origin + "/icon.svg"; }));
		const frame = document.createElement("iframe");
		frame.src = origin + "/";
		document.body.append(frame);
		await new Promise((done) => { frame.onload = done; });
		await attempt("frame", () => frame.contentDocument.title);
		return got;
	})()`, encoded)
	for _, got := range value[[]string](w, script) {
		if !strings.HasSuffix(got, ": refused") && got != "POST blind /start: opaque" && got != "POST blind /url: opaque" && got != "POST blind /report: opaque" {
			t.Errorf("another page got %s", got)
		}
	}
	log := r.log.String()
	for refused, times := range map[string]int{
		`method=POST path=/start "because of"=Origin`:   1,
		`method=GET path=/ "because of"=Sec-Fetch-Dest`: 2, // by the script, and in the frame
	} {
		if strings.Count(log, refused) < times {
			t.Errorf("%s is not in the log so often:\n%s", refused, log)
		}
	}
	if s := r.manager.Snapshot(); s.State != runtime.NoEngine {
		t.Errorf("it did something: %v", s.State)
	}

	if got := value[string](w, `document.cookie + JSON.stringify(localStorage) + JSON.stringify(sessionStorage)`); got != "{}{}" {
		t.Errorf("another page finds %q", got)
	}
	w.do("follow a link of the guide", chromedp.Navigate(origin+"/"))
	w.wait("the page", `document.getElementById("state").textContent === "No engine"`)
	value[bool](w, fmt.Sprintf(`(location.href = %q, true)`, other.URL+"/linked"))
	w.wait("another page again", `document.title === "another" && location.pathname === "/linked"`)
	mu.Lock()
	defer mu.Unlock()
	if len(sent) < 2 {
		t.Errorf("another server was asked %d times", len(sent))
	}
	for _, headers := range sent {
		if text := fmt.Sprint(headers); strings.Contains(text, r.session.secret) || headers["Cookie"] != nil || headers["Referer"] != nil {
			t.Errorf("another server was sent %s", text)
		}
		again := []string{"Origin", origin, header, "1"}
		for name, values := range headers {
			if !strings.HasPrefix(name, "Sec-") && name != "Origin" {
				again = append(again, name, values[0])
			}
		}
		response, _ := newVisitor(t).ask("POST", origin+"/report", again...)
		wantStatus(t, "what another server was sent", response, http.StatusForbidden)
	}
}

// TestReloadAndTabs: a reload and a second tab need no new key, and a browser without
// the secret is told how to get in.
func TestReloadAndTabs(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	works := func(w *window) {
		t.Helper()
		w.wait("the state", `document.getElementById("state")?.textContent === "No engine"`)
		w.click("report")
		w.wait("the report", fmt.Sprintf(`document.getElementById("report-text").value === %q`, "the report of "+r.profile.Runtime))
	}
	works(w)
	w.do("reload", chromedp.Reload())
	works(w)

	address, origin := r.address()
	second := w.tab()
	second.do("open the guide without a key", chromedp.Navigate(origin+"/#/help"))
	second.wait("its page", `!document.getElementById("report").closest(".page").hidden`)
	works(second)
	for range 2 { // the second time with a key that was used
		second.do("open the guide with a key", chromedp.Navigate(address))
		second.wait("no key in the address", `location.href === "`+origin+`/"`)
		works(second)
	}
	works(w)

	otherUser := w.tab(chromedp.WithNewBrowserContext())
	otherUser.do("open the guide without a key", chromedp.Navigate(origin+"/"))
	otherUser.wait("a refusal", `document.body.textContent.includes("colab-tray guide") && !document.getElementById("status")`)
	address, _ = r.address()
	otherUser.do("open the guide with a key", chromedp.Navigate(address))
	works(otherUser)
}

// TestHiddenWindow: a window that nobody sees is told the state, and asks for nothing
// more than that.
func TestHiddenWindow(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	w.turnTo("use")
	asked := func() (paths []string) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, address := range w.asked {
			u, _ := url.Parse(address)
			paths = append(paths, u.RequestURI())
		}
		return paths
	}
	last := func(want string) {
		t.Helper()
		testenv.WaitFor(t, "the request "+want, func() error {
			if all := asked(); all[len(all)-1] != want {
				return fmt.Errorf("the last request is %s", all[len(all)-1])
			}
			return nil
		})
	}
	hide := func(hidden bool) {
		value[bool](w, fmt.Sprintf(`(Object.defineProperty(document, "hidden", { value: %t, configurable: true }), document.dispatchEvent(new Event("visibilitychange")), true)`, hidden))
	}
	w.wait("the usage", `live && wanted === "?usage"`)
	hide(true)
	last("/live")
	before := len(asked())
	for _, text := range []string{"one", "two"} {
		r.publish(&actionMessage{Short: text})
		w.wait(text, fmt.Sprintf(`now.message?.short === %q`, text))
	}
	if all := asked(); len(all) != before {
		t.Errorf("a window that nobody sees asks for %q", all[before:])
	}
	hide(false)
	w.wait("the usage again", `wanted === "?usage"`)
}

// TestGuideForEverybody looks at what a screen reader is told, and goes through
// the page by keyboard.
func TestGuideForEverybody(t *testing.T) {
	t.Parallel()
	r := newRig(t, testenv.Server2)
	if err := r.manager.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	w := openWindow(t, r)
	w.wait("the state", `document.getElementById("state").textContent === "Ready"`)
	w.click("logs-toggle")
	w.wait("the output", `document.getElementById("logs-box").textContent.includes("[redacted]")`)

	said := map[string]int{}
	for _, name := range pages {
		w.openPage(name)
		for role, n := range w.namedRoles() {
			said[role] += n
		}
		w.goThroughByKeys(name)
	}
	for role, least := range map[string]int{"main": 6, "banner": 6, "navigation": 6, "contentinfo": 6, "status": 7, "region": 12, "heading": 20, "image": 4, "button": 14} {
		if said[role] < least {
			t.Errorf("there are %d of %s, not %d", said[role], role, least)
		}
	}
	w.wait("Jupyter's version", `/Docker \d.*sha256:.*Jupyter server\d/.test(document.getElementById("versions-list").textContent)`)
	w.withoutBarriers()
}

// namedRoles counts what a screen reader tells of a page, by role. Whatever can be used
// or leads somewhere has a name.
func (w *window) namedRoles() map[string]int {
	w.t.Helper()
	tree, err := chromedp.Call(w.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	if err != nil {
		w.t.Fatal(err)
	}
	roles := map[string]int{}
	for _, n := range tree.Nodes {
		if n.Ignored || n.Role == nil {
			continue
		}
		role := axText(n.Role)
		roles[role]++
		switch role {
		case "button", "link", "textbox", "checkbox", "combobox", "spinbutton", "progressbar", "image", "region", "heading", "log", "table":
			if strings.TrimSpace(axText(n.Name)) == "" {
				w.t.Errorf("a %s has no name", role)
			}
		}
	}
	return roles
}

// goThroughByKeys goes through a page by Tab, which must reach all that can be used,
// in the order in which it is shown, and shows where it is. Where what a page has asked
// for came meanwhile, it goes through it again.
func (w *window) goThroughByKeys(name string) {
	w.t.Helper()
	reachable := w.reachable()
	for {
		order, unseen := w.pressTab(len(reachable))
		now := w.reachable()
		if !slices.Equal(now, reachable) {
			reachable = now
			continue
		}
		if !slices.Equal(order, reachable) {
			w.t.Errorf("%s: Tab goes to %q, not to %q", name, order, reachable)
		}
		if len(unseen) > 0 {
			w.t.Errorf("%s: the focus cannot be seen on %q", name, unseen)
		}
		return
	}
}

// nameOf is a function of the page that tells its elements apart.
const nameOf = `((e) => e.dataset.order ??= e.tagName + e.id + " " + (window.count = (window.count ?? 0) + 1))`

// reachable returns the names of all that can be used on the page. Tab goes to one radio
// input of a group, the one that is chosen.
func (w *window) reachable() []string {
	w.t.Helper()
	return value[[]string](w, `[...document.querySelectorAll("a[href], button, input, select, summary, textarea, [tabindex='0']")]
		.filter((e) => !e.disabled && e.checkVisibility() && (e.type !== "radio" || e.checked)).map(`+nameOf+`)`)
}

// pressTab presses Tab so often. It returns where the focus was, and where it cannot
// be seen.
func (w *window) pressTab(times int) (order, unseen []string) {
	w.t.Helper()
	w.do("Tab", chromedp.KeyEvent(kb.Tab)) // whoever uses keys is shown the focus
	value[bool](w, `(scrollTo(0, 0), document.querySelector(".skip").focus(), true)`)
	for i := range times {
		if i > 0 {
			w.do("Tab", chromedp.KeyEvent(kb.Tab))
		}
		at := value[[]string](w, `(() => {
			const e = document.activeElement, s = getComputedStyle(e);
			return [`+nameOf+`(e), s.outlineStyle !== "none" && parseFloat(s.outlineWidth) >= 2 ? "seen" : ""];
		})()`)
		order = append(order, at[0])
		if at[1] == "" {
			unseen = append(unseen, at[0])
		}
	}
	return order, unseen
}

// axText is the text of a value of the accessibility tree.
func axText(v *accessibility.Value) string {
	if v == nil {
		return ""
	}
	var text string
	_ = json.Unmarshal(v.Value, &text)
	return text
}
