// Command fakejupyter stands in for Jupyter Server in tests that need a server that
// becomes ready, and nothing else of Jupyter: it is ready at once and uses next to no
// processor. It has no kernels and no pages. A test holds that it answers as the real
// servers do.
//
// It is what start-notebook.py, start-notebook.sh and jupyter are in the image
// testenv.FakeJupyter.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

func main() {
	fmt.Println("Executing: jupyter server", strings.Join(os.Args[1:], " "))
	if err := run(); err != nil {
		if file := new(fs.PathError); errors.As(err, &file) && errors.Is(err, fs.ErrPermission) {
			fmt.Printf("PermissionError: [Errno 13] Permission denied: '%s'\n", file.Path) // as Python does
		}
		say("C", "%v", err)
		os.Exit(1)
	}
}

// run serves until it is asked to end.
func run() error {
	options := parseOptions(append(strings.Fields(os.Getenv("NOTEBOOK_ARGS")), os.Args[1:]...))
	s, err := newServer(options)
	if err != nil {
		return err
	}
	port, err := strconv.Atoi(cmp.Or(options["port"], os.Getenv("JUPYTER_PORT"), "8888"))
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp4", net.JoinHostPort(cmp.Or(options["ip"], "0.0.0.0"), strconv.Itoa(port)))
	if err != nil {
		return err
	}
	info, err := s.writeInfo(port)
	if err != nil {
		return err
	}
	defer os.Remove(info)

	asked, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server := &http.Server{Handler: s.handler(), ReadHeaderTimeout: time.Minute}
	ended := make(chan error, 1)
	go func() { ended <- server.Serve(listener) }()
	s.announce(port)
	select {
	case <-asked.Done():
		say("C", "received signal 15, stopping")
		err := server.Close()
		<-ended
		return err
	case err := <-ended:
		return err
	}
}

// parseOptions returns the options that the stand-in knows of, by the last part of
// their names: Jupyter has them for different classes. It ignores all others.
func parseOptions(args []string) map[string]string {
	options := map[string]string{}
	for _, arg := range args {
		name, value, _ := strings.Cut(strings.TrimLeft(arg, "-"), "=")
		options[name[strings.LastIndex(name, ".")+1:]] = value
	}
	return options
}

// server is the state of the stand-in.
type server struct {
	token     string
	generated bool   // the token was made by the server
	root      string // the directory that it shows
	ours      bool   // the program's own settings are in force
	started   time.Time
}

func newServer(options map[string]string) (*server, error) {
	s := &server{token: cmp.Or(options["token"], os.Getenv("JUPYTER_TOKEN")), ours: hasOurSettings(), started: time.Now().UTC()}
	if s.token == "" {
		random := make([]byte, 24)
		_, _ = rand.Read(random) // it never fails
		s.token, s.generated = hex.EncodeToString(random), true
	}
	var err error
	if s.root = options["root_dir"]; s.root == "" {
		s.root, err = os.Getwd()
	}
	if s.ours {
		err = errors.Join(err, os.MkdirAll(filepath.Join(s.root, "content"), 0o777))
	}
	return s, err
}

// hasOurSettings tells whether the settings that the program puts into containers are
// there, and allow Colab.
func hasOurSettings() bool {
	for _, dir := range append(filepath.SplitList(os.Getenv("JUPYTER_CONFIG_PATH")), "/usr/local/etc/jupyter") {
		text, err := os.ReadFile(filepath.Join(dir, "jupyter_server_config.py"))
		if err == nil && strings.Contains(string(text), versionHeader) {
			return true
		}
	}
	return false
}

// writeInfo writes what a server tells about itself, and returns the name of the file.
func (s *server) writeInfo(port int) (file string, err error) {
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	dir := os.Getenv("JUPYTER_RUNTIME_DIR")
	if dir == "" {
		dir = filepath.Join(cmp.Or(os.Getenv("JUPYTER_DATA_DIR"), filepath.Join(home, ".local/share/jupyter")), "runtime")
	}
	text, err := json.MarshalIndent(map[string]any{
		"base_url": "/", "hostname": "0.0.0.0", "password": false, "pid": os.Getpid(), "port": port,
		"root_dir": s.root, "secure": false, "sock": "", "token": s.token, "url": fmt.Sprintf("http://%s:%d/", hostname(), port), "version": version,
	}, "", "  ")
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	file = filepath.Join(dir, fmt.Sprintf("jpserver-%d.json", os.Getpid()))
	return file, os.WriteFile(file, append(text, '\n'), 0o600)
}

// announce prints what Jupyter prints once it serves.
func (s *server) announce(port int) {
	token := s.token
	if !s.generated {
		token = "..."
	}
	say("I", "Serving notebooks from local directory: %s", s.root)
	say("I", "Jupyter Server %s is running at:", version)
	say("I", "http://%s:%d/?token=%s", hostname(), port, token)
	say("I", "    http://127.0.0.1:%d/?token=%s", port, token)
}

func hostname() string {
	name, _ := os.Hostname()
	return cmp.Or(name, "localhost")
}

// say prints a line as Jupyter's log has it.
func say(level, format string, args ...any) {
	fmt.Fprintf(os.Stderr, "[%s %s ServerApp] %s\n", level, time.Now().Format("2006-01-02 15:04:05.000"), fmt.Sprintf(format, args...))
}
