package guide

import (
	"net/http"
	"slices"
	"time"
)

// policy is what the page may do: what comes with it, and nothing else.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// header is on every request that does something. No form and no link of
// another page can send it, and no script of another origin without asking us.
const header = "X-Colab-Tray"

// guard lets nobody in but the page itself, and who opens it with a key.
//
//	request                          needs
//	any                              a program of the person's own, and no body
//	any                              Host: 127.0.0.1:PORT, against DNS that points a name of others at us
//	GET /?key=KEY, from anywhere     a key that nobody has used
//	GET /jupyter?key=KEY, likewise   a key that nobody has used
//	GET /                            the cookie; as a page of its own
//	GET of what belongs to the page  the cookie; from the page, as far as the browser tells
//	POST                             the cookie; from the page, by Origin and as far as Sec-Fetch-Site
//	                                 tells; and our header
func (v *session) guard(next http.Handler) http.Handler {
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
			v.refuseWith(w, r, "who asks", "otheruser.html")
			return
		}
		if r.ContentLength != 0 {
			v.refuse(w, r, "body")
			return
		}
		if r.Host != v.host {
			v.refuse(w, r, "Host")
			return
		}
		if r.Method == http.MethodGet && r.URL.Path == "/" && r.URL.Query().Has("key") {
			v.exchangeKey(w, r)
			return
		}
		if r.Method == http.MethodGet && r.URL.Path == jupyterPath {
			v.openJupyter(w, r)
			return
		}
		if !v.hasCookie(r) {
			v.refuse(w, r, "cookie")
			return
		}
		if why := v.rejectReason(r); why != "" {
			v.refuse(w, r, why)
			return
		}
		if !v.begin() {
			http.Error(w, "the guide is closing", http.StatusServiceUnavailable)
			return
		}
		defer v.end()
		v.pendingOwn.remove(connectionOf(r))
		next.ServeHTTP(w, r)
	})
}

// rejectReason tells by which header a request is not one of the page, "" when it is.
func (v *session) rejectReason(r *http.Request) string {
	site, target := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Sec-Fetch-Dest")
	switch {
	case r.Method != http.MethodGet && r.Method != http.MethodPost:
		return "method"
	case r.Method == http.MethodPost && r.Header.Get("Origin") != v.origin:
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

// exchangeKey exchanges the key for a cookie, and goes on to the page by a refresh
// and not by a redirect: where another site or a program opened the address,
// a browser would not send a cookie with SameSite=Strict along a redirect.
func (v *session) exchangeKey(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" {
		v.refuse(w, r, "Sec-Purpose") // a browser that fetches ahead would use the key up
		return
	}
	switch {
	case v.use(r.URL.Query().Get("key")):
		v.admit(w)
	case v.hasCookie(r): // a reload, or the person's second click on the address
		v.send(w, http.StatusOK, "enter.html")
	default:
		v.refuse(w, r, "key")
	}
}

// admit gives a new cookie, and goes on to the page.
func (v *session) admit(w http.ResponseWriter) {
	cookie := v.newCookie()
	http.SetCookie(w, &http.Cookie{Name: v.cookie, Value: cookie, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
	v.send(w, http.StatusOK, "enter.html")
}

// jupyterPath leads to the page of the runtime's own Jupyter.
const jupyterPath = "/jupyter"

// openJupyter exchanges the key for a redirect to Jupyter, with the token in it.
// Where Jupyter is gone by now the guide says so.
func (v *session) openJupyter(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Sec-Purpose") != "" {
		v.refuse(w, r, "Sec-Purpose")
		return
	}
	if !v.use(r.URL.Query().Get("key")) {
		v.refuse(w, r, "key")
		return
	}
	path, err := v.guide.Runtime.Page(r.Context())
	url := v.guide.Runtime.Snapshot().URL
	if err != nil || url.IsZero() {
		v.admit(w)
		return
	}
	w.Header().Set("Location", url.RevealPage(path))
	w.WriteHeader(http.StatusSeeOther)
}

// refuse says no, and to a person how to get in.
func (v *session) refuse(w http.ResponseWriter, r *http.Request, why string) {
	v.refuseWith(w, r, why, "refused.html")
}

// refuseWith answers with a page, and waits for nothing: neither for the body of
// the request, nor for another request, nor long for the page to be taken.
func (v *session) refuseWith(w http.ResponseWriter, r *http.Request, why, page string) {
	v.guide.Log.Debug("guide: refused", "method", r.Method, "path", r.URL.Path, "because of", why)
	control, now := http.NewResponseController(w), time.Now()
	_ = control.SetReadDeadline(now)
	_ = control.SetWriteDeadline(now.Add(writeTime))
	w.Header().Set("Connection", "close")
	v.send(w, http.StatusForbidden, page)
}

// send sends what belongs to the page.
func (v *session) send(w http.ResponseWriter, status int, name string) {
	kind, body := v.guide.asset(name)
	w.Header().Set("Content-Type", kind)
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
