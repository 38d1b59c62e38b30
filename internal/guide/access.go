package guide

import (
	"net/http"
	"slices"
	"time"
)

// policy lets the page load only what this server serves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// header is required on every POST. A form or link of another page cannot send it,
// and a script of another origin cannot without a CORS preflight, which fails.
const header = "X-Colab-Tray"

// guard refuses all requests but those of the page itself and those with a key.
//
//	request                         needs
//	any                             a program of the person's own, no body but of an upload, or of a setting
//	any                             Host: 127.0.0.1:PORT, against DNS rebinding
//	GET /?key=KEY, from anywhere    a key that was not used yet
//	GET /jupyter?key=KEY, likewise  a key that was not used yet
//	GET /                           the cookie; Sec-Fetch-Dest: document, if sent
//	GET of the page's parts         the cookie; Sec-Fetch-Site: same-origin, if sent
//	POST                            the cookie; Origin; Sec-Fetch-Site, if sent; our header
func (s *session) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy":      policy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "no-referrer",
			"Cache-Control":                "no-store",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
		} {
			w.Header().Set(name, value)
		}
		if !connectionOf(r).ownUser {
			s.refuseWith(w, r, "who asks", "otheruser.html")
			return
		}
		if r.ContentLength != 0 && !isUpload(r) && !isTyped(r) {
			s.refuse(w, r, "body")
			return
		}
		if r.Host != s.host {
			s.refuse(w, r, "Host")
			return
		}
		if r.Method == http.MethodGet && r.URL.Path == "/" && r.URL.Query().Has("key") {
			s.exchangeKey(w, r)
			return
		}
		if r.Method == http.MethodGet && r.URL.Path == jupyterPath {
			s.openJupyter(w, r)
			return
		}
		if !s.hasCookie(r) {
			s.refuse(w, r, "cookie")
			return
		}
		if why := s.rejectReason(r); why != "" {
			s.refuse(w, r, why)
			return
		}
		if !s.begin() {
			http.Error(w, "the guide is closing", http.StatusServiceUnavailable)
			return
		}
		defer s.end()
		s.pendingOwn.remove(connectionOf(r))
		next.ServeHTTP(w, r)
	})
}

// rejectReason returns what shows that a request does not come from the page: the
// name of a header, or "method". It returns "" for a request of the page.
func (s *session) rejectReason(r *http.Request) string {
	site, target := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Dest")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		return "method"
	case r.Method == http.MethodPost && r.Header.Get("Origin") != s.origin:
		return "Origin"
	case r.Method == http.MethodPost && r.Header.Get(header) != "1":
		return header
	case r.Method == http.MethodGet && r.URL.Path == "/":
		if !slices.Contains([]string{"document", ""}, target) {
			return "Sec-Fetch-Dest"
		}
	case !slices.Contains([]string{"same-origin", ""}, site):
		return "Sec-Fetch-Site"
	}
	return ""
}

// exchangeKey exchanges the key for a cookie, and leads to the page by a refresh. A
// redirect would not do: where another site or a program opened the address, a
// browser does not send a cookie with SameSite=Strict after a redirect.
func (s *session) exchangeKey(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" {
		s.refuse(w, r, "Sec-Purpose") // a prefetch would use the key up
		return
	}
	switch {
	case s.use(r.URL.Query().Get("key")):
		s.admit(w)
	case s.hasCookie(r): // a reload, or a second click on the address
		s.send(w, http.StatusOK, "enter.html")
	default:
		s.refuse(w, r, "key")
	}
}

// admit sets a new cookie and leads to the page.
func (s *session) admit(w http.ResponseWriter) {
	cookie := s.newCookie()
	http.SetCookie(w, &http.Cookie{Name: s.cookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	s.send(w, http.StatusOK, "enter.html")
}

// jupyterPath is the path that redirects to the runtime's own Jupyter page.
const jupyterPath = "/jupyter"

// openJupyter exchanges the key for a redirect to Jupyter that contains the token.
// Where Jupyter is no longer there, it leads to the guide, which shows why.
func (s *session) openJupyter(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" {
		s.refuse(w, r, "Sec-Purpose")
		return
	}
	if !s.use(r.URL.Query().Get("key")) {
		s.refuse(w, r, "key")
		return
	}
	path, err := s.guide.Runtime.Page(r.Context())
	url := s.guide.Runtime.Snapshot().URL
	if err != nil || url.IsZero() {
		s.admit(w)
		return
	}
	w.Header().Set("Location", url.RevealPage(path))
	w.WriteHeader(http.StatusSeeOther)
}

// refuse refuses a request, with a page that tells a person how to get in.
func (s *session) refuse(w http.ResponseWriter, r *http.Request, why string) {
	s.refuseWith(w, r, why, "refused.html")
}

// refuseWith refuses a request with a page. It does not wait for the body of the
// request or for another request, and not longer than writeTime for the client to
// read the page.
func (s *session) refuseWith(w http.ResponseWriter, r *http.Request, why, page string) {
	s.guide.Log.Debug("guide: refused", "method", r.Method, "path", r.URL.Path, "because of", why)
	control, now := http.NewResponseController(w), time.Now()
	_ = control.SetReadDeadline(now)
	_ = control.SetWriteDeadline(now.Add(writeTime))
	w.Header().Set("Connection", "close")
	s.send(w, http.StatusForbidden, page)
}

// send sends a file of the page.
func (s *session) send(w http.ResponseWriter, status int, name string) {
	kind, body := s.guide.asset(name)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
