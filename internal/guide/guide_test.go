package guide

import (
	"encoding/json"
	"errors"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	neturl "net/url"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"colabtray/internal/colab"
	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

func TestKeyWorksOnce(t *testing.T) {
	r := withoutEngine(t)
	url, origin := r.address()
	otherUser, guest := newVisitor(t), newVisitor(t)

	wantStatus(t, "a wrong key", otherUser.enter(origin+"/?key=wrong"), http.StatusForbidden)
	wantStatus(t, "no key", otherUser.enter(origin+"/?key="), http.StatusForbidden)
	key, _ := strings.CutPrefix(url, origin+"/?key=")
	for _, method := range []string{"GET", "HEAD"} {
		response, _ := otherUser.ask(method, origin+enterPath+"?key="+key)
		if response.StatusCode == http.StatusOK {
			t.Errorf("a key is exchanged by %s", method)
		}
	}

	response, body := guest.ask("GET", url)
	wantStatus(t, "the page", response, http.StatusOK)
	if !strings.Contains(body, "Copy Backend URL") || strings.Contains(body, "{{") {
		t.Errorf("this is not the page:\n%s", body)
	}
	response, _ = guest.ask("GET", origin+"/live")
	wantStatus(t, "the state, without the secret", response, http.StatusForbidden)
	wantStatus(t, "the key", guest.enter(url), http.StatusOK)
	response, _ = guest.ask("GET", origin+"/live")
	wantStatus(t, "the state", response, http.StatusOK)
	if cookies := response.Cookies(); len(cookies) > 0 {
		t.Errorf("there are cookies: %v", cookies)
	}

	response, body = otherUser.ask("POST", origin+enterPath+"?key="+key, "Origin", origin, header, "1")
	wantStatus(t, "the key, again", response, http.StatusForbidden)
	if !strings.Contains(body, "colab-tray guide") || strings.Contains(body, guest.secret) {
		t.Errorf("the answer to a used key is %s", body)
	}
	if len(key) != 32 || len(guest.secret) != 32 || strings.Contains(r.log.String(), key) || strings.Contains(r.log.String(), guest.secret) {
		t.Errorf("the key %s or the secret %s is in the log, or short", key, guest.secret)
	}
}

// TestNewestKeysWork: of many keys that nobody used, the oldest is forgotten, and all
// others work.
func TestNewestKeysWork(t *testing.T) {
	r := withoutEngine(t)
	var addresses []string
	for range maxKeys + 1 {
		address, _ := r.address()
		addresses = append(addresses, address)
	}
	for i, address := range addresses {
		response := newVisitor(t).enter(address)
		if works := response.StatusCode == http.StatusOK; works != (i > 0) {
			t.Errorf("key %d of %d was answered with %s", i+1, len(addresses), response.Status)
		}
	}
}

// TestTickets: a ticket is good for one request of one address, and for nothing but
// reading.
func TestTickets(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	ticket := func(address string) string {
		t.Helper()
		response, ticket := guest.ask("POST", origin+"/ticket?for="+neturl.QueryEscape(address), "Origin", origin, header, "1")
		wantStatus(t, "a ticket", response, http.StatusOK)
		return ticket
	}
	otherUser := newVisitor(t)
	ask := func(what string, want int, method, address string, headers ...string) {
		t.Helper()
		response, _ := otherUser.ask(method, origin+address, append(headers, "Origin", origin, header, "1")...)
		wantStatus(t, what, response, want)
	}
	const address = "/notebooks?a=%20b"
	one := ticket(address)
	ask("a ticket for another address", http.StatusForbidden, "GET", "/live?ticket="+one)
	ask("a ticket for another query", http.StatusForbidden, "GET", "/notebooks?a=%20c&ticket="+one)
	ask("a ticket for a part of the address", http.StatusForbidden, "GET", "/notebooks?ticket="+one)
	ask("a ticket by POST", http.StatusForbidden, "POST", address+"&ticket="+one)
	ask("a ticket from another site", http.StatusForbidden, "GET", address+"&ticket="+one, "Sec-Fetch-Site", "cross-site")
	ask("a ticket in the place of the secret", http.StatusForbidden, "GET", address, "Authorization", "Bearer "+one)
	ask("no ticket", http.StatusForbidden, "GET", address+"&ticket=")
	ask("a ticket", http.StatusOK, "GET", address+"&ticket="+one)
	ask("a ticket, again", http.StatusForbidden, "GET", address+"&ticket="+one)
	ask("a ticket for an address without a query", http.StatusOK, "GET", "/notebooks?ticket="+ticket("/notebooks"))
	oldest := ticket(address)
	for range maxTickets {
		ticket(address)
	}
	ask("the oldest of too many tickets", http.StatusForbidden, "GET", address+"&ticket="+oldest)
}

// TestJupyterKeyWorksOnce: the key is all that the address to Jupyter needs, and
// where Jupyter is not ready it leads to the guide.
func TestJupyterKeyWorksOnce(t *testing.T) {
	r := withoutEngine(t)
	var p *problem.Problem
	if url, err := r.JupyterURL(t.Context()); !errors.As(err, &p) || p.Code != problem.NotReady {
		t.Errorf("without a runtime the address is %q, %v", url, err)
	}
	url, err := r.Guide.address(t.Context(), jupyterPath)
	if err != nil {
		t.Fatal(err)
	}
	origin, _, _ := strings.Cut(url, jupyterPath)
	guest := newVisitor(t)
	response, _ := guest.ask("GET", url, "Sec-Purpose", "prefetch")
	wantStatus(t, "fetching ahead", response, http.StatusForbidden)
	response, _ = guest.ask("HEAD", url)
	wantStatus(t, "HEAD", response, http.StatusForbidden)
	for _, query := range []string{"", "?key=", "?key=wrong"} {
		response, _ = guest.ask("GET", origin+jupyterPath+query)
		wantStatus(t, "the query "+query, response, http.StatusForbidden)
	}
	response, body := guest.ask("GET", url)
	wantStatus(t, "the key", response, http.StatusOK)
	if !strings.Contains(body, "Copy Backend URL") {
		t.Errorf("it leads to %s", body)
	}
	wantStatus(t, "the key of the guide after it", guest.enter(response.Request.URL.String()), http.StatusOK)
	response, _ = guest.ask("GET", url)
	wantStatus(t, "the key, again", response, http.StatusForbidden)
}

// TestOnlyThePageItself asks for everything, each time with one thing wrong.
func TestOnlyThePageItself(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	host := strings.TrimPrefix(origin, "http://")
	_, port, _ := net.SplitHostPort(host)
	good := []string{"Origin", origin, header, "1", "Sec-Fetch-Site", "same-origin"}
	but := func(name, value string) []string { return append(append([]string{}, good...), name, value) }

	for _, path := range []string{"/start", "/continue", "/stop", "/restart", "/repair", "/act?act=usePort:1", "/url", "/check", "/report", "/settings", "/settings/put", "/settings/undo", "/settings/login"} {
		for what, headers := range map[string][]string{
			"Host localhost":           but("Host", "localhost:"+port),
			"Host of a rebound name":   but("Host", "evil.example:"+port),
			"Host of another port":     but("Host", "127.0.0.1:80"),
			"Host without port":        but("Host", "127.0.0.1"),
			"Origin of others":         but("Origin", "https://evil.example"),
			"Origin of localhost":      but("Origin", "http://localhost:"+port),
			"Origin of another port":   but("Origin", "http://127.0.0.1:8888"),
			"Origin null":              but("Origin", "null"),
			"no Origin":                but("Origin", ""),
			"same site, other port":    but("Sec-Fetch-Site", "same-site"),
			"another site":             but("Sec-Fetch-Site", "cross-site"),
			"without our header":       but(header, ""),
			"our header with a value":  but(header, "2"),
			"no header of ours at all": nil,
		} {
			response, body := guest.ask("POST", origin+path, headers...)
			wantStatus(t, path+" with "+what, response, http.StatusForbidden)
			if strings.Contains(body, r.profile.Runtime) {
				t.Errorf("%s with %s: the answer is %s", path, what, body)
			}
		}
		for _, authorization := range []string{"", "Bearer ", "Bearer wrong", "bearer " + guest.secret, guest.secret} {
			response, _ := newVisitor(t).ask("POST", origin+path, but("Authorization", authorization)...)
			wantStatus(t, path+" authorized by "+authorization, response, http.StatusForbidden)
		}
		response, _ := guest.ask("GET", origin+path, good...)
		wantStatus(t, path+" by GET", response, http.StatusMethodNotAllowed)
		response, _ = guest.ask("PUT", origin+path, good...)
		wantStatus(t, path+" by PUT", response, http.StatusForbidden)
	}
	for _, path := range []string{"/live", "/notebooks", "/files", "/nothing"} {
		response, _ := newVisitor(t).ask("GET", origin+path)
		wantStatus(t, path+" without the secret", response, http.StatusForbidden)
	}
	for _, path := range []string{"/live", "/page.js", "/guide.css", "/icon.svg"} {
		for _, site := range []string{"cross-site", "same-site", "none"} {
			response, _ := guest.ask("GET", origin+path, "Sec-Fetch-Site", site)
			wantStatus(t, path+" from "+site, response, http.StatusForbidden)
		}
	}
	response, _ := guest.ask("GET", origin+"/", "Sec-Fetch-Dest", "iframe")
	wantStatus(t, "the page in a frame", response, http.StatusForbidden)
	response, _ = guest.ask("GET", origin+"/", "Host", "localhost:"+port)
	wantStatus(t, "the page by another name", response, http.StatusForbidden)
	response, _ = guest.ask("GET", origin+"/../page.go", good...)
	wantStatus(t, "what is no part of the page", response, http.StatusNotFound)

	response, body := guest.ask("POST", origin+"/report", good...)
	wantStatus(t, "all as it should be", response, http.StatusOK)
	if !strings.Contains(body, r.profile.Runtime) {
		t.Errorf("the report is %q", body)
	}
	r.until(func(s state) bool { return len(s.Acts) > 0 })
	for _, act := range []string{"", "usePort:1", "start", "restart", "quit", "install:1"} {
		response, _ = guest.ask("POST", origin+"/act?act="+act, good...)
		wantStatus(t, "the act "+act+", which is not offered", response, http.StatusConflict)
	}
	response, _ = guest.ask("POST", origin+"/act?act=install", good...)
	wantStatus(t, "an act that is offered", response, http.StatusAccepted)
	if got := <-r.acts; got.Name != problem.ActInstall {
		t.Errorf("asked for %v", got)
	}
	response, _ = guest.ask("POST", origin+"/url", good...)
	wantStatus(t, "a URL where none is", response, http.StatusConflict)
}

func TestHeaders(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	for _, path := range []string{"/", "/page.js", "/nothing"} {
		response, _ := guest.ask("GET", origin+path)
		for name, want := range map[string]string{
			"Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"Cache-Control":           "no-store",
		} {
			if got := response.Header.Get(name); got != want {
				t.Errorf("%s: %s is %q", path, name, got)
			}
		}
	}
}

// TestListensOnlyWhenAsked holds that there is no listener before the guide is
// asked for, nor after nobody has looked at it for a while, nor once it is closed.
func TestListensOnlyWhenAsked(t *testing.T) {
	r := withoutEngine(t)
	if err := r.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	listens := func(origin string) bool {
		c, err := net.Dial("tcp", strings.TrimPrefix(origin, "http://"))
		if err == nil {
			_ = c.Close()
		}
		return err == nil
	}
	url, origin := r.address()
	guest := newVisitor(t)
	guest.enter(url)
	live, err := guest.client.Get(origin + "/live")
	if err != nil || live.StatusCode != http.StatusOK {
		t.Fatalf("live was answered with %v, %v", live, err)
	}
	over := make(chan error, 1)
	go func() { over <- r.Wait(t.Context()) }()
	r.mu.Lock()
	v := r.session
	r.mu.Unlock()
	v.waitsFor(r.Idle)
	select {
	case <-v.ended:
		t.Fatal("it ended while somebody looked")
	default:
	}
	_ = live.Body.Close()
	testenv.WaitFor(t, "the end of the stream", func() error {
		v.mu.Lock()
		defer v.mu.Unlock()
		if v.active > 0 {
			return errors.New("somebody uses it")
		}
		return nil
	})
	v.waitsFor(r.Idle)
	select {
	case err := <-over:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(longEnough):
		t.Fatal("it does not end though nobody uses it")
	}
	if listens(origin) {
		t.Error("it listens after its end")
	}

	// While one session ends, the next begins.
	r.address()
	r.mu.Lock()
	ending := r.session
	r.mu.Unlock()
	ending.close()
	again, origin2 := r.address()
	if response, _ := newVisitor(t).ask("GET", again); response.StatusCode != http.StatusOK {
		t.Errorf("a second time it answers with %s", response.Status)
	}
	r.Close()
	if listens(origin2) {
		t.Error("it listens after Close")
	}
	r.Close() // a second time is harmless
}

// waitsFor lets that time pass at once, as far as the session knows.
func (v *session) waitsFor(d time.Duration) {
	v.mu.Lock()
	v.last = v.last.Add(-d)
	v.mu.Unlock()
	v.expireIfIdle()
}

// TestIdleTime holds when a session ends that nobody uses.
func TestIdleTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		closed := make(chan struct{})
		v := &session{guide: New(Options{}), close: func() { close(closed) }}
		v.last, v.idle = time.Now(), time.AfterFunc(v.guide.Idle, v.expireIfIdle)
		stays := func(what string, d time.Duration) {
			t.Helper()
			time.Sleep(d)
			synctest.Wait()
			select {
			case <-closed:
				t.Fatalf("it ended %s", what)
			default:
			}
		}
		stays("before its time", 10*time.Minute-time.Second)
		if _, ok := v.newKey(); !ok {
			t.Error("no address is given while it waits")
		}
		stays("although its address was asked for", 10*time.Minute-time.Second)
		for range 2 {
			if !v.begin() {
				t.Fatal("nobody is let in while it waits")
			}
		}
		stays("while somebody looked", 24*time.Hour)
		v.end()
		stays("while one of two looked", 24*time.Hour)
		v.end()
		stays("before its time after a session", 10*time.Minute-time.Second)
		time.Sleep(time.Second)
		synctest.Wait()
		select {
		case <-closed:
		default:
			t.Fatal("it does not end though nobody uses it")
		}
		if v.begin() {
			t.Error("somebody is let in after its end")
		}
		if _, ok := v.newKey(); ok {
			t.Error("an address is given after its end")
		}
	})
}

// TestNoEngineSaysHowToGetOne reads what the page is told where no engine is.
func TestNoEngineSaysHowToGetOne(t *testing.T) {
	r := withoutEngine(t)
	now := r.until(func(s state) bool { return s.State == "noengine" })
	if now.Install == nil || now.Install.System != "Fedora Linux 41" || now.Problem == nil || now.Problem.Short == "" {
		t.Errorf("the page is told %+v", now)
	}
}

// until follows what the page is told until it is so.
func (r *rig) until(is func(state) bool) state {
	r.t.Helper()
	guest := newVisitor(r.t)
	origin := guest.openSession(r)
	live, err := guest.client.Get(origin + "/live")
	if err != nil {
		r.t.Fatal(err)
	}
	defer live.Body.Close()
	patience := time.AfterFunc(longEnough, func() { _ = live.Body.Close() })
	defer patience.Stop()
	for event := range events(live.Body) {
		if event.name == "state" {
			var s state
			if err := json.Unmarshal([]byte(event.data), &s); err != nil {
				r.t.Fatal(err)
			}
			if is(s) {
				return s
			}
		}
	}
	r.t.Fatal("the stream ended")
	return state{}
}

// TestTooManyPages holds that pages cannot take all there is.
func TestTooManyPages(t *testing.T) {
	r := withoutEngine(t)
	guest := newVisitor(t)
	origin := guest.openSession(r)
	for i := range maxStreams + 1 {
		live, err := guest.client.Get(origin + "/live")
		if err != nil {
			t.Fatal(err)
		}
		defer live.Body.Close()
		want := http.StatusOK
		if i == maxStreams {
			want = http.StatusServiceUnavailable
		}
		wantStatus(t, "one more page", live, want)
	}
}

// TestTokenIsOnlyRevealed looks for the token in all that a page is sent.
func TestTokenIsOnlyRevealed(t *testing.T) {
	t.Parallel()
	r := newRig(t, testenv.Notebook6)
	if err := r.manager.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	token := r.manager.Snapshot().URL.Token().Reveal()
	guest := newVisitor(t)
	origin := guest.openSession(r)
	good := []string{"Origin", origin, header, "1"}

	live, err := guest.client.Get(origin + "/live?usage&logs")
	if err != nil {
		t.Fatal(err)
	}
	defer live.Body.Close()
	patience := time.AfterFunc(longEnough, func() { _ = live.Body.Close() })
	defer patience.Stop()
	seen := map[string]bool{}
	for event := range events(live.Body) {
		if strings.Contains(event.data, token) {
			t.Errorf("the token is in %s: %s", event.name, event.data)
		}
		if event.name == "logs" && !strings.Contains(event.data, "[redacted]") && !seen["logs"] {
			continue // Jupyter's line with its address comes later
		}
		seen[event.name] = true
		if len(seen) == 4 {
			break
		}
	}
	if len(seen) != 4 {
		t.Errorf("the page is sent no more than %v", seen)
	}
	_, check := guest.ask("POST", origin+"/check", good...)
	if strings.Contains(check, token) || !strings.Contains(check, `"verdict":"Colab can connect to `+r.profile.Runtime) {
		t.Errorf("the check is %s", check)
	}
	response, url := guest.ask("POST", origin+"/url", good...)
	if !strings.HasSuffix(url, "?token="+token) || response.Header.Get("Cache-Control") != "no-store" {
		t.Error("the URL is not revealed to who asks for it")
	}
	if strings.Contains(r.log.String(), token) {
		t.Error("the token is in the log")
	}
}

// TestIdleStopIsSaid: the page is told why the runtime is stopped.
func TestIdleStopIsSaid(t *testing.T) {
	for _, idle := range []bool{true, false} {
		if now, _ := New(Options{}).state(runtime.Snapshot{State: runtime.Stopped, IdleStopped: idle}); strings.Contains(now.Hint, "nothing used it") != idle {
			t.Errorf("the page is told %+v", now)
		}
	}
}

// TestWords holds page and texts together: what the page says is there, and
// what is there is said.
func TestWords(t *testing.T) {
	all, script := texts(), allScripts()
	used := map[string]bool{"lang": true}
	for _, page := range []string{"guide.html", "refused.html", "otheruser.html"} {
		for _, name := range regexp.MustCompile(`(?:\{\{|data-rich=")([\w.]+)`).FindAllStringSubmatch(string(file(page)), -1) {
			used[name[1]] = true
		}
	}
	delete(used, "version")

	// Names that the script puts together begin with a table, of which it says
	// these.
	var states, browsers []string
	for _, s := range runtime.States() {
		states = append(states, s.String())
	}
	_, which, _ := strings.Cut(script, "function browser() {")
	which, _, _ = strings.Cut(which, "\n}")
	for _, name := range regexp.MustCompile(`return "(\w+)"`).FindAllStringSubmatch(which, -1) {
		browsers = append(browsers, name[1])
	}
	tables := map[string][]string{
		"state.": states, "hint.": states, "browser.": browsers,
		"allow.":    {"chrome", "edge", "brave", "firefox", "safari", "other", "network", "nothing"},
		"others.":   {"chrome", "edge", "brave", "firefox", "safari"},
		"packages.": {"kept", "conda", "noIndex", "needed"},
		"files.":    {string(data.KindFolder), string(data.KindLink), string(data.KindOther)},
		"update.":   {"image", "now", "next", "previous"},
		"update.news.": {
			string(runtime.NewsNone), string(runtime.NewsNewer), string(runtime.NewsHere), string(runtime.NewsFixed), string(runtime.NewsUnknown),
		},
		"check.": {string(colab.OK), string(colab.Warn), string(colab.Fail), string(colab.Skipped)},
	}
	for _, field := range (config.Editor{File: filepath.Join(t.TempDir(), "none.toml")}).Form("").Fields {
		tables["settings.name."] = append(tables["settings.name."], string(field.Place))
	}
	tables["settings."] = nil
	for _, name := range regexp.MustCompile(`this\.button\("(\w+)"`).FindAllStringSubmatch(script, -1) {
		tables["settings."] = append(tables["settings."], name[1])
	}
	for _, name := range regexp.MustCompile(`changeProfile\(.*"([\w.]+)"\)`).FindAllStringSubmatch(script, -1) {
		used[name[1]] = true
	}
	calls := strings.Split(script, "say(")
	for _, call := range calls[1:] {
		said := regexp.MustCompile(`=== "\w+"`).ReplaceAllString(firstArgument(call), "")
		for _, name := range regexp.MustCompile(`"([\w.]+)"`).FindAllStringSubmatch(said, -1) {
			members, together := tables[name[1]]
			if !together {
				used[name[1]] = true
			}
			for _, member := range members {
				used[name[1]+member] = true
			}
		}
	}
	if len(calls) < 40 || len(states) < 10 || len(browsers) < 6 {
		t.Errorf("only %d texts are said by the script, of %d states and %d browsers", len(calls), len(states), len(browsers))
	}
	for name := range used {
		if _, is := all[name]; !is {
			t.Errorf("there is no text %q", name)
		}
	}
	for name := range all {
		if !used[name] {
			t.Errorf("nothing says the text %q", name)
		}
	}
}

// TestOneWayToTheServer: only session.js asks the server, as the server refuses what has
// not the secret. An upload with its progress is the exception.
func TestOneWayToTheServer(t *testing.T) {
	names, err := fs.Glob(files, "page/*.js")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		for _, way := range []string{"fetch(", "XMLHttpRequest(", "EventSource(", "localStorage"} {
			if strings.Contains(string(file(strings.TrimPrefix(name, "page/"))), way) &&
				name != "page/session.js" && name+way != "page/files.jsXMLHttpRequest(" {
				t.Errorf("%s has %s instead of get, post or Events", name, way)
			}
		}
	}
}

// TestEveryScript: none of the scripts is left out of the page, and none is there twice.
func TestEveryScript(t *testing.T) {
	names, err := fs.Glob(files, "page/*.js")
	if err != nil {
		t.Fatal(err)
	}
	var listed []string
	for _, name := range scripts {
		listed = append(listed, "page/"+name+".js")
	}
	if slices.Sort(listed); !slices.Equal(listed, names) {
		t.Errorf("the page has the scripts %q, and there are %q", listed, names)
	}
}

// allScripts returns all scripts of the page.
func allScripts() string {
	_, all := new(Guide).asset(pageScript)
	return string(all)
}

// firstArgument returns that of a call, from behind its bracket.
func firstArgument(call string) string {
	depth := 0
	for i, c := range call {
		switch {
		case c == '(' || c == '{':
			depth++
		case depth == 0 && (c == ')' || c == ','):
			return call[:i]
		case c == ')' || c == '}':
			depth--
		}
	}
	return call
}

// TestStreamIsHarmless: the page gets nothing of what an engine says that could
// deceive who reads it.
func TestStreamIsHarmless(t *testing.T) {
	sent := httptest.NewRecorder()
	out := &stream{w: sent, control: http.NewResponseController(sent), cancel: func() { t.Error("it was cancelled") }}
	out.event("state", state{Image: "a\x1b[31mb\u202ec", Problem: &actionMessage{Short: "d\u009b31me\u200bf", Hint: "one\ntwo\u2028three"}})
	out.sendLine(map[string]any{"verdict": "\u2066g"})
	for _, part := range []string{`"image":"abc"`, `"short":"def"`, `"hint":"one\ntwo three"`, "event: state\ndata: {", "}\n\n{", `{"verdict":"g"}`} {
		if !strings.Contains(sent.Body.String(), part) {
			t.Errorf("%s is missing in %q", part, sent.Body.String())
		}
	}
}
