package gateway

import (
	"cmp"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"colabtray/internal/i18n"
)

// answer returns the status of the gateway's own answer, 0 for none, and a page of one
// line that says what a person can do about it; empty when nothing can be done.
func (v verdict) answer() (status int, page string) {
	switch v {
	case asleep:
		return http.StatusServiceUnavailable, i18n.T("gateway.asleep")
	case hasFailed:
		return http.StatusServiceUnavailable, i18n.T("gateway.failed")
	case unreachable:
		return http.StatusServiceUnavailable, i18n.T("gateway.unreachable")
	case preflight:
		return http.StatusNoContent, ""
	case forbiddenToken, forbiddenOrigin:
		return http.StatusForbidden, ""
	case misdirected:
		return http.StatusMisdirectedRequest, ""
	case malformed:
		return http.StatusBadRequest, ""
	case tooLarge:
		return http.StatusRequestHeaderFieldsTooLarge, ""
	default:
		return 0, ""
	}
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
	status, page := v.answer()
	if status == 0 {
		return
	}
	if page != "" {
		page += "\n"
	}
	var head strings.Builder
	fmt.Fprintf(&head, "HTTP/1.1 %d %s\r\nConnection: close\r\nCache-Control: no-store\r\n", status, http.StatusText(status))
	cross.write(&head)
	if status != http.StatusNoContent {
		fmt.Fprintf(&head, "Content-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\nContent-Length: %d\r\n", len(page))
	}
	_ = conn.SetDeadline(time.Now().Add(lingerTime))
	if _, err := io.WriteString(conn, head.String()+"\r\n"+page); err != nil {
		return
	}
	// Closed with bytes unread, a connection is reset, and the answer can be lost.
	if half, is := conn.(interface{ CloseWrite() error }); is && half.CloseWrite() == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(conn, maxHead))
	}
}
