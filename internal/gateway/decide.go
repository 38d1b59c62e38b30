package gateway

import (
	"net"
	"net/http"
	"strconv"
	"strings"

	"colabtray/internal/secret"
)

// verdict is what becomes of a request for a runtime that does not run.
type verdict uint8

const (
	understood      verdict = iota // not decided yet
	wakes                          // it starts the runtime, which answers it
	asleep                         // it would be answered by the runtime, but does not start it
	hasFailed                      // a start has failed just before
	preflight                      // a browser asks whether the page may ask
	forbiddenToken                 // no token, or a wrong one
	forbiddenOrigin                // the page of somebody else
	misdirected                    // the URL has another host
	malformed                      // no HTTP
	tooLarge                       // the head has no end
	silent                         // nothing was asked
	unreachable                    // the way does not open
)

// decide decides about a request for a runtime that does not run. The first line that
// fits counts:
//
//	a host other than localhost or 127.0.0.1, or another port   misdirected
//	the origin of another page                                  forbiddenOrigin
//	a preflight                                                 preflight
//	no token, or a wrong one                                    forbiddenToken
//	Colab's page connects, or makes a kernel for a cell         wakes
//	anything else                                               asleep
//
// Only a person makes a page connect: it then asks for build-info, and for a kernel.
// What a page that is left open repeats are the lists of kernels and sessions, and the
// WebSocket of a kernel that is gone. These start nothing, or a runtime that was
// stopped because nobody uses it would run again at once.
func decide(r *http.Request, port int, w *Waking) verdict {
	host, own := r.Host, strconv.Itoa(port)
	if r.URL.Host != "" || host != net.JoinHostPort("localhost", own) && host != net.JoinHostPort("127.0.0.1", own) {
		return misdirected
	}
	origins := r.Header.Values("Origin")
	fromColab := len(origins) == 1 && origins[0] == w.Origin
	itself := len(origins) == 0 || len(origins) == 1 && origins[0] == "http://"+host
	switch {
	case !fromColab && !itself:
		return forbiddenOrigin
	case r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "":
		return preflight
	case !w.Token(tokenOf(r)):
		return forbiddenToken
	case fromColab && connects(r):
		return wakes
	default:
		return asleep
	}
}

// connects reports whether a request is one of those that a person causes, and that a
// page does not repeat by itself.
func connects(r *http.Request) bool {
	switch r.URL.Path {
	case "/api/colab/build-info":
		return r.Method == http.MethodGet
	case "/api/kernels", "/api/sessions":
		return r.Method == http.MethodPost
	default:
		return false
	}
}

// tokenOf returns the token of a request, where Jupyter looks for it.
func tokenOf(r *http.Request) secret.Secret {
	if t := r.URL.Query().Get("token"); t != "" {
		return secret.New(t)
	}
	scheme, t, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if strings.EqualFold(scheme, "token") || strings.EqualFold(scheme, "bearer") {
		return secret.New(strings.TrimSpace(t))
	}
	return secret.Secret{}
}
