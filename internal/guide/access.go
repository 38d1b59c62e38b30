package guide

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// policy lets the page load only what this server serves.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// header is required on every POST. A form or link of another page cannot send it,
// and a script of another origin cannot without a CORS preflight, which fails.
const header = "X-Colab-Tray"

// Paths that need a key in their query.
const (
	enterPath   = "/enter"   // gives the session's secret
	jupyterPath = "/jupyter" // redirects to the runtime's own Jupyter page
)

// guard refuses all requests but those of the page itself and those with a key.
//
//	request                  needs
//	any                      a program of the person's own, no body but of an upload, or of a setting
//	any                      Host: 127.0.0.1:PORT, against DNS rebinding
//	GET of / and /jupyter    Sec-Fetch-Dest: document, if sent; from anywhere
//	any other GET            Sec-Fetch-Site: same-origin, if sent
//	POST                     Origin; Sec-Fetch-Site, if sent; our header
//	/ and the page's parts   nothing more: there is no secret in them
//	/enter and /jupyter      a key that was not used yet
//	all else                 the session's secret, or a ticket for this address
//
// The page keeps the secret in its local storage, which is bound to its origin, and
// sends it in a header. A cookie would be sent to the servers of all ports.
func (s *session) guard(next http.Handler, public map[string]bool) http.Handler {
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
		if why := s.rejectReason(r); why != "" {
			s.refuse(w, r, why)
			return
		}
		if !public[r.URL.Path] && !s.isAuthorized(r) {
			s.refuse(w, r, "secret")
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
// name of a header, "body", or "method". It returns "" for a request that may.
func (s *session) rejectReason(r *http.Request) string {
	site, target := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Dest")
	switch {
	case r.ContentLength != 0 && !isUpload(r) && !isTyped(r):
		return "body"
	case r.Host != s.host:
		return "Host"
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		return "method"
	case r.Method == http.MethodPost && r.Header.Get("Origin") != s.origin:
		return "Origin"
	case r.Method == http.MethodPost && r.Header.Get(header) != "1":
		return header
	case r.Method == http.MethodGet && (r.URL.Path == "/" || r.URL.Path == jupyterPath):
		if !slices.Contains([]string{"document", ""}, target) {
			return "Sec-Fetch-Dest"
		}
	case !slices.Contains([]string{"same-origin", ""}, site):
		return "Sec-Fetch-Site"
	}
	return ""
}

// isAuthorized reports whether a request has the session's secret or, for what the
// browser itself asks for, a ticket.
func (s *session) isAuthorized(r *http.Request) bool {
	if got, is := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); is {
		return hashOf(got) == hashOf(s.secret)
	}
	address, ticket, is := strings.Cut(r.RequestURI, "ticket=")
	return is && r.Method == http.MethodGet && s.useTicket(ticket, strings.TrimRight(address, "?&"))
}

// ticket sends a ticket for the address in the query, which is to get it as its last
// parameter.
func (s *session) ticket(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(s.newTicket(r.URL.Query().Get("for"))))
}

// enter exchanges a key for the session's secret.
func (s *session) enter(w http.ResponseWriter, r *http.Request) {
	if !s.use(r.URL.Query().Get("key")) {
		s.refuse(w, r, "key")
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(s.secret))
}

// openJupyter exchanges the key for a redirect to Jupyter that contains the token.
// Where Jupyter is no longer there, it leads to the guide, which shows why.
func (s *session) openJupyter(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" {
		s.refuse(w, r, "Sec-Purpose") // a prefetch would use the key up
		return
	}
	if !s.use(r.URL.Query().Get("key")) {
		s.refuse(w, r, "key")
		return
	}
	path, err := s.guide.Runtime.Page(r.Context())
	url := s.guide.Runtime.Snapshot().URL
	location := "/"
	if err == nil && !url.IsZero() {
		location = url.RevealPage(path)
	} else if key, ok := s.newKey(); ok {
		location += "?key=" + key
	}
	w.Header().Set("Location", location)
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
	s.send(w, r, http.StatusForbidden, page)
}

// send sends a file of the page.
func (s *session) send(w http.ResponseWriter, r *http.Request, status int, name string) {
	kind, body := s.guide.asset(name)
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Vary", "Accept-Encoding")
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		w.Header().Set("Content-Encoding", "gzip")
		body = zipped(body)
	}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
