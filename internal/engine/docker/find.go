package docker

import (
	"cmp"
	"fmt"
	"net/url"
	"os"
	"path"
	"path/filepath"
	goruntime "runtime"
	"slices"
	"strings"
	"sync"
	"time"

	dockerendpoint "github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/opts"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// endpoint is one place where an engine may be.
type endpoint struct {
	host    string // its address, as DOCKER_HOST has it
	found   string // how we came upon it, as [EngineInfo] has it
	context string // the docker context whose settings for TLS count
	fromEnv bool   // those of the environment do
	own     bool   // the podman command asks the engine there by itself
}

// hostEnvironment are all that tells where engines may be.
type hostEnvironment struct {
	os         string // in Go's words
	root       bool   // the program is root's
	home       string
	runtimeDir string // $XDG_RUNTIME_DIR, or where it usually is
	tempDir    string
	dockerHost string // $DOCKER_HOST
	tls        bool   // the environment asks for TLS
	context    string // name of the docker context, empty for the default one
	contextEnv bool   // it is $DOCKER_CONTEXT, not the docker configuration, that names it
	endpoint   func(context string) (dockerendpoint.EndpointMeta, error)
}

// readHostEnvironment reads the environment and the docker configuration.
func readHostEnvironment() hostEnvironment {
	s := hostEnvironment{
		os:         goruntime.GOOS,
		root:       os.Geteuid() == 0,
		runtimeDir: cmp.Or(os.Getenv("XDG_RUNTIME_DIR"), fmt.Sprintf("/run/user/%d", os.Getuid())),
		tempDir:    os.TempDir(),
		dockerHost: os.Getenv("DOCKER_HOST"),
		context:    os.Getenv("DOCKER_CONTEXT"),
		endpoint:   contextEndpoint,
	}
	s.home, _ = os.UserHomeDir() // without one, nothing is below it
	s.tls, _ = tlsWanted()
	s.contextEnv = s.context != ""
	if s.context == "" {
		docker, _ := readDockerConfig()
		s.context = docker.CurrentContext
	}
	return s
}

// endpoints lists where the engine may be: the one place that a person chose for
// the docker command, with a *[Problem] when that cannot be used, or else the
// default one and those of engines that keep their socket elsewhere.
func endpoints(s hostEnvironment) ([]endpoint, error) {
	byDefault := s.context == "" || s.context == "default"
	switch {
	case s.dockerHost != "", s.tls && byDefault:
		return s.envEndpoint()
	case byDefault:
		return defaultEndpoints(s), nil
	}
	found, command := "context "+s.context, "docker context use default"
	if s.contextEnv {
		command = "unset DOCKER_CONTEXT"
	}
	e, err := s.endpoint(s.context)
	switch {
	case err != nil:
		return nil, contextProblem(s.context, s.contextEnv, err)
	case overSSH(e.Host):
		return nil, sshProblem(s.context, e.Host, command)
	case e.Host == "":
		return []endpoint{{host: defaultEndpoints(s)[0].host, found: found, context: s.context}}, nil
	}
	return []endpoint{{host: e.Host, found: found, context: s.context}}, nil
}

// envEndpoint is the place that the environment names. DOCKER_HOST may be short or
// blank, and with TLS asked for there is another default.
func (s hostEnvironment) envEndpoint() ([]endpoint, error) {
	host, err := opts.ParseHost(s.tls, s.dockerHost)
	p := endpoint{host: host, found: "DOCKER_HOST", fromEnv: true}
	if s.dockerHost == "" {
		p.found = "DOCKER_TLS"
	}
	switch {
	case err != nil:
		return nil, addressProblem(p, err)
	case overSSH(host):
		return nil, sshProblem("", host, "unset DOCKER_HOST")
	}
	return []endpoint{p}, nil
}

func overSSH(host string) bool { return strings.HasPrefix(host, "ssh://") }

// defaultEndpoints lists the platform's default address, and then where else engines
// listen when nobody told the docker command of them.
func defaultEndpoints(s hostEnvironment) []endpoint {
	if s.os == "windows" {
		return []endpoint{
			{host: "npipe:////./pipe/docker_engine", found: "default"},
			{host: "npipe:////./pipe/dockerDesktopLinuxEngine", found: "pipe of Docker Desktop"},
			{host: "npipe:////./pipe/podman-machine-default", found: "pipe of Podman"},
		}
	}
	all := []endpoint{{host: "unix:///var/run/docker.sock", found: "default"}}
	add := func(whose string, sockets ...string) {
		for _, socket := range sockets {
			if path.IsAbs(socket) {
				all = append(all, endpoint{host: "unix://" + socket, found: "socket of " + whose})
			}
		}
	}
	relativeTo := func(dir, name string) string {
		if dir == "" {
			return ""
		}
		return path.Join(dir, name)
	}
	add("rootless Docker", relativeTo(s.runtimeDir, "docker.sock"))
	add("Docker Desktop", relativeTo(s.home, ".docker/desktop/docker.sock"), relativeTo(s.home, ".docker/run/docker.sock"))
	add("Colima", relativeTo(s.home, ".colima/default/docker.sock"))
	add("Rancher Desktop", relativeTo(s.home, ".rd/docker.sock"))
	add("OrbStack", relativeTo(s.home, ".orbstack/run/docker.sock"))
	if s.os == "darwin" {
		const machine = ".local/share/containers/podman/machine"
		add("Podman", relativeTo(s.tempDir, "podman/podman-machine-default-api.sock"), relativeTo(s.home, machine+"/podman.sock"),
			relativeTo(s.home, machine+"/podman-machine-default/podman.sock"), relativeTo(s.home, machine+"/qemu/podman.sock"))
		return all
	}
	add("Podman", relativeTo(s.runtimeDir, "podman/podman.sock"), engine.RootPodman)
	return all
}

// ownPodman reports whether the podman command asks what is at an address by
// itself.
func (s hostEnvironment) ownPodman(host string) bool {
	return slices.ContainsFunc(defaultEndpoints(s), func(usual endpoint) bool {
		return usual.host == host && strings.HasSuffix(usual.found, " of Podman") && (host != "unix://"+engine.RootPodman || s.root)
	})
}

// infoBeforeAnswer is what may be said of the engine at a place before it answered.
func (p endpoint) infoBeforeAnswer() engine.Info {
	podman := strings.Contains(p.found, "Podman") || strings.Contains(p.host, "podman")
	info := engine.Info{Name: "Docker", Host: p.host, Found: p.found, Command: p.cli(podman)}
	info.Local, info.Machine = whereIs(p.host)
	if podman {
		info.Name = "Podman"
	}
	return info
}

// whereIs tells whether an address is one of this computer, or else the name of
// the machine that it leads to.
func whereIs(host string) (local bool, machine string) {
	u, err := url.Parse(host)
	if err != nil {
		return false, ""
	}
	return u.Scheme == "unix" || u.Scheme == "npipe", u.Hostname()
}

// cli returns the command that asks the engine at a place in a terminal: docker
// or podman, with the address where it would ask another one by itself.
func (p endpoint) cli(podman bool) string {
	switch {
	case podman && p.own:
		return "podman"
	case podman:
		return "podman --url " + config.ShellWord(p.host)
	case p.found == "default", p.fromEnv, p.found == "DOCKER_HOST", strings.HasPrefix(p.found, "context "):
		return "docker"
	default:
		return "docker --host " + config.ShellWord(p.host)
	}
}

// restartTime is how long an engine that was in use is waited for before
// another one takes its place: it may just be starting again.
const restartTime = time.Minute

// chosen picks the places to try, in order: of several those that are there. An
// engine that answered last and has been away for less than restartTime is the
// only one.
func chosen(all []endpoint, there func(host string) bool, last endpoint, away time.Duration) []endpoint {
	if away < restartTime && slices.Contains(all, last) {
		return []endpoint{last}
	}
	var here []endpoint
	for _, p := range all {
		if there(p.host) {
			here = append(here, p)
		}
	}
	if len(here) == 0 {
		return all[:1]
	}
	return here
}

// isThere reports whether something is at an address of this machine; an
// address in the network has to be tried.
func isThere(host string) bool {
	scheme, file, _ := strings.Cut(host, "://")
	if scheme != "unix" && scheme != "npipe" {
		return true
	}
	_, err := os.Stat(filepath.FromSlash(file))
	return err == nil
}

// finder looks for the engine, afresh each time: it may have been installed, or
// another one chosen, since.
type finder struct {
	look  func() hostEnvironment
	there func(host string) bool
	now   func() time.Time

	mu   sync.Mutex
	last endpoint  // the one that answered last
	lost time.Time // since when it does not; zero while it does
}

func newFinder() *finder { return &finder{look: readHostEnvironment, there: isThere, now: time.Now} }

// candidates returns the places to try, in order; at least one, or a *[Problem].
func (f *finder) candidates() ([]endpoint, error) {
	around := f.look()
	all, err := endpoints(around)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].own = around.ownPodman(all[i].host)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var away time.Duration
	if !f.lost.IsZero() {
		away = f.now().Sub(f.lost)
	}
	return chosen(all, f.there, f.last, away), nil
}

// answered notes that the engine is at p.
func (f *finder) answered(p endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.lost = p, time.Time{}
}

// noneAnswered notes that no engine answered.
func (f *finder) noneAnswered() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost.IsZero() {
		f.lost = f.now()
	}
}

// contextProblem tells that the docker context in force cannot be used.
func contextProblem(name string, env bool, err error) *problem.Problem {
	cause := i18n.Sentence(err.Error())
	hint := i18n.T("problem.noContextHint", "cause", cause)
	if env {
		hint = i18n.T("problem.noContextEnvHint", "cause", cause)
	}
	return &problem.Problem{
		Code:    problem.NoContext,
		Short:   i18n.T("problem.noContext", "context", name),
		Hint:    hint,
		Command: "docker context ls",
		Err:     err,
	}
}

// sshProblem tells that the engine is on a machine whose ports are not ours, and
// who says so: a docker context, or DOCKER_HOST where that is empty.
func sshProblem(context, host, command string) *problem.Problem {
	hint := i18n.T("problem.remoteEngineEnvHint", "host", host)
	if context != "" {
		hint = i18n.T("problem.remoteEngineHint", "context", context, "host", host)
	}
	return &problem.Problem{
		Code:    problem.RemoteEngine,
		Short:   i18n.T("problem.remoteEngine"),
		Hint:    hint,
		Command: command,
	}
}

// addressProblem tells that the address of a place is none.
func addressProblem(p endpoint, err error) *problem.Problem {
	problem := &problem.Problem{
		Code:    problem.NoEngine,
		Short:   i18n.T("problem.badAddress"),
		Hint:    i18n.FullStop(i18n.T("problem.badAddressEnvHint", "cause", err.Error())),
		Command: "unset DOCKER_HOST",
		Err:     err,
	}
	if !p.fromEnv {
		problem.Hint = i18n.FullStop(i18n.T("problem.badAddressHint", "found", engine.FoundText(p.found), "cause", err.Error()))
		problem.Command = "docker context ls"
	}
	return problem
}
