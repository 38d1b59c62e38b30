package colab

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"

	"colabtray/internal/i18n"

	"github.com/coder/websocket"
)

// checkKernel starts a kernel in a session with a unique path, by which checkShutdown
// finds the session in any case. If the check is interrupted, checkKernel still waits
// for the answer for a while, because the answer tells what to shut down.
func (c *checker) checkKernel(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.kernel.expected")
	c.path = "colab-tray-check-" + rand.Text()
	extended, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(c.cleanup/2, cancel) })()
	a, err := c.ask(extended, c.kernel, http.MethodPost, "/api/sessions", map[string]any{
		"path": c.path, "name": c.path, "type": "console", "kernel": map[string]any{"name": c.kernelspec},
	})
	if err != nil {
		c.unanswered = true
		s.fail(err.Error())
		c.adviseLogs(s)
		return
	}
	var started session
	switch unreadable := c.readable(a.header); {
	case a.status != http.StatusCreated:
		s.fail(i18n.T("check.answers", "status", a.status))
		c.adviseLogs(s)
	case a.decode(&started) != nil || !identifier().MatchString(started.ID) || !identifier().MatchString(started.Kernel.ID):
		s.fail(i18n.T("check.kernel.strange"))
	case unreadable != nil:
		c.sessionID, c.kernelID = started.ID, started.Kernel.ID
		s.fail(i18n.T("check.kernel.unreadable", "why", unreadable))
		c.adviseSettings(s)
	default:
		c.sessionID, c.kernelID = started.ID, started.Kernel.ID
		s.ok(i18n.T("check.kernel.ok", "kernel", c.brief(c.kernelspec)))
	}
}

// session is Jupyter's description of a session.
type session struct {
	ID     string `json:"id"`
	Path   string `json:"path"`
	Kernel struct {
		ID string `json:"id"`
	} `json:"kernel"`
}

// identifier matches IDs that are safe as a part of a path.
var identifier = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_-]{1,64}$`) })

// checkWebSocket waits as long as for a kernel's start: Jupyter opens the WebSocket
// once the kernel answers.
func (c *checker) checkWebSocket(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.websocket.expected")
	ctx, cancel := context.WithTimeout(ctx, c.kernel)
	defer cancel()
	address := c.address("ws", "/api/kernels/"+c.kernelID+"/channels", url.Values{"session_id": {c.path}, "token": {c.token}})
	socket, response, err := websocket.Dial(ctx, address, &websocket.DialOptions{
		HTTPClient: c.http,
		HTTPHeader: http.Header{"Origin": {Origin}},
	})
	switch {
	case err == nil:
		c.socket = socket
		c.socket.SetReadLimit(c.body)
		s.ok(i18n.T("check.websocket.ok"))
		return
	case response != nil && response.StatusCode != http.StatusSwitchingProtocols:
		s.fail(i18n.T("check.answers", "status", response.StatusCode))
	default:
		s.fail(plain(err).Error())
	}
	c.adviseSettings(s)
}

// checkCell runs a cell that prints the hostname, to see that the kernel runs in the
// container.
func (c *checker) checkCell(ctx context.Context, s *Step) {
	s.Expected = c.Profile.Runtime
	if !c.isPython {
		s.Status, s.Got = Skipped, i18n.T("check.cell.noPython", "kernel", c.brief(c.kernelspec))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, c.cell)
	defer cancel()
	output, err := c.execute(ctx, "%%bash\necho ${HOSTNAME}")
	if err == nil && !isHostname().MatchString(output) {
		// The image has no bash.
		output, err = c.execute(ctx, "import socket; print(socket.gethostname())")
	}
	switch {
	case err != nil:
		s.fail(err.Error())
		c.adviseLogs(s)
	case output == c.Profile.Runtime:
		s.ok(output)
	case containerID.MatchString(output):
		s.warn(i18n.T("check.cell.handmade", "host", output))
		s.Advice = i18n.T("check.cell.handmadeAdvice")
	default:
		s.fail(i18n.T("check.cell.elsewhere", "host", c.brief(output)))
		s.Advice, s.Command = i18n.T("check.cell.elsewhereAdvice"), c.Profile.CommandLine("restart")
	}
}

var (
	isHostname  = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9_.-]{1,253}$`) })
	containerID = regexp.MustCompile(`^[0-9a-f]{12}$`)
)

// message is a message of Jupyter's protocol, with the parts that matter here
// (https://jupyter-client.readthedocs.io/en/stable/messaging.html).
type message struct {
	Header       map[string]any  `json:"header"`
	ParentHeader map[string]any  `json:"parent_header"`
	Metadata     map[string]any  `json:"metadata"`
	Content      json.RawMessage `json:"content"`
	Channel      string          `json:"channel"`
	Buffers      []any           `json:"buffers"`
}

// execute runs a cell and returns its standard output, without white space around it.
func (c *checker) execute(ctx context.Context, code string) (string, error) {
	id := rand.Text()
	content, _ := json.Marshal(map[string]any{
		"code": code, "silent": false, "store_history": false, "user_expressions": map[string]any{},
		"allow_stdin": false, "stop_on_error": true,
	})
	request, _ := json.Marshal(message{
		Header: map[string]any{
			"msg_id": id, "msg_type": "execute_request", "version": "5.3", "username": "", "session": c.path,
			"date": time.Now().UTC().Format(time.RFC3339),
		},
		ParentHeader: map[string]any{}, Metadata: map[string]any{}, Buffers: []any{},
		Content: content, Channel: "shell",
	})
	if err := c.socket.Write(ctx, websocket.MessageText, request); err != nil {
		return "", errors.New(i18n.T("check.cell.unsent", "why", plain(err)))
	}
	var output strings.Builder
	for replied, idle := false, false; !replied || !idle; {
		var m message
		_, text, err := c.socket.Read(ctx)
		if err != nil {
			if ctx.Err() != nil {
				err = ctx.Err()
			}
			return "", errors.New(i18n.T("check.cell.noOutput", "why", plain(err)))
		}
		if json.Unmarshal(text, &m) != nil || m.ParentHeader["msg_id"] != id {
			continue // of another cell, or in a format that we did not ask for
		}
		switch m.Header["msg_type"] {
		case "execute_reply":
			replied = true
		case "status":
			var status struct {
				ExecutionState string `json:"execution_state"`
			}
			idle = json.Unmarshal(m.Content, &status) == nil && status.ExecutionState == "idle"
		case "stream":
			var stream struct{ Name, Text string }
			if json.Unmarshal(m.Content, &stream) == nil && stream.Name == "stdout" && int64(output.Len()+len(stream.Text)) <= c.body {
				output.WriteString(stream.Text)
			}
		}
	}
	return strings.TrimSpace(output.String()), nil
}

// checkShutdown ends our session and its kernel. It has a time limit of its own, and
// also runs if the check was interrupted or the server has not told the session's
// ID.
func (c *checker) checkShutdown(ctx context.Context, s *Step) {
	s.Expected = i18n.T("check.shutdown.expected")
	if c.path == "" {
		s.Status, s.Got = Skipped, i18n.T("check.shutdown.none")
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.cleanup)
	defer cancel()
	if c.socket != nil {
		_ = c.socket.CloseNow()
	}
	var err error
	for delay := 100 * time.Millisecond; ctx.Err() == nil; delay *= 2 {
		gone, failed := c.endSession(ctx)
		if gone {
			s.ok(i18n.T("check.shutdown.ok"))
			return
		}
		if err == nil || ctx.Err() == nil { // prefer an earlier error to that of the time limit
			err = failed
		}
		select {
		case <-ctx.Done():
		case <-time.After(delay):
		}
	}
	if err == nil {
		s.ok(i18n.T("check.shutdown.unseen"))
		return
	}
	s.warn(i18n.T("check.shutdown.warn", "why", err))
	s.Advice = i18n.T("check.shutdown.advice", "session", c.path)
}

// endSession asks the server to end our session, and reports whether it is gone.
func (c *checker) endSession(ctx context.Context) (gone bool, err error) {
	a, err := c.get(ctx, "/api/sessions")
	if err != nil {
		return false, err
	}
	var sessions []session
	if err := a.decode(&sessions); err != nil {
		return false, errors.New(i18n.T("check.answers", "status", a.status))
	}
	for _, found := range sessions {
		if found.Path != c.path || !identifier().MatchString(found.ID) {
			continue
		}
		c.sessionID = found.ID
		a, err := c.ask(ctx, c.request, http.MethodDelete, "/api/sessions/"+found.ID, nil)
		if err != nil {
			return false, err
		}
		return false, errors.New(i18n.T("check.answers", "status", a.status)) // the caller checks again
	}
	// If the start was not answered, the session may still appear.
	return !c.unanswered || c.sessionID != "", nil
}
