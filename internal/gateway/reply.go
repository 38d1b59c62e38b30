package gateway

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

// replies are the answers of the gateway itself. Programs and developers' consoles read
// the texts, so they are always English.
var replies = map[verdict]struct {
	status int
	text   string
}{
	asleep:          {http.StatusServiceUnavailable, "The runtime does not run. Connect in Colab to start it."},
	hasFailed:       {http.StatusServiceUnavailable, "The runtime could not be started. Colab Tray says why."},
	unreachable:     {http.StatusServiceUnavailable, "The runtime cannot be reached. Colab Tray says why."},
	preflight:       {http.StatusNoContent, ""},
	forbiddenToken:  {http.StatusForbidden, "The token is missing or wrong."},
	forbiddenOrigin: {http.StatusForbidden, "This page may not use the runtime."},
	misdirected:     {http.StatusMisdirectedRequest, "This is not the server of that host."},
	malformed:       {http.StatusBadRequest, "This is no request."},
	tooLarge:        {http.StatusRequestHeaderFieldsTooLarge, "The request is too large."},
}

// crossOrigin tells a browser which page may read an answer and send requests; the zero
// value is none.
type crossOrigin struct {
	origin  string
	headers string // that the page may send
}

// readableBy makes the answer to a request readable by the page of an origin, if it is
// from there. Our settings in Jupyter do the same.
func readableBy(r *http.Request, origin string) crossOrigin {
	if r == nil || r.Header.Get("Origin") != origin {
		return crossOrigin{}
	}
	const usual = "Authorization, Content-Type, X-XSRFToken"
	return crossOrigin{origin, cmp.Or(r.Header.Get("Access-Control-Request-Headers"), usual)}
}

// write writes the headers.
func (c crossOrigin) write(w io.Writer) {
	if c.origin == "" {
		return
	}
	fmt.Fprintf(w, "Access-Control-Allow-Origin: %s\r\n"+
		"Access-Control-Allow-Credentials: true\r\n"+
		"Access-Control-Allow-Private-Network: true\r\n"+
		"Access-Control-Allow-Methods: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS\r\n"+
		"Access-Control-Allow-Headers: %s\r\n"+
		"Vary: Origin\r\n", c.origin, c.headers)
}

// reply answers a request, and ends the connection.
func reply(conn net.Conn, v verdict, cross crossOrigin) {
	r, has := replies[v]
	if !has {
		return
	}
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\nConnection: close\r\nCache-Control: no-store\r\n", r.status, http.StatusText(r.status))
	cross.write(&head)
	if r.text != "" {
		fmt.Fprintf(&head, "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n", len(r.text)+1)
		r.text += "\n"
	}
	_ = conn.SetDeadline(time.Now().Add(lingerTime))
	if _, err := io.WriteString(conn, head.String()+"\r\n"+r.text); err != nil {
		return
	}
	// Closed with bytes unread, a connection is reset, and the answer can be lost.
	if half, is := conn.(interface{ CloseWrite() error }); is && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, maxHead))
	}
}
