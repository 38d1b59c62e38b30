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
	"colabtray/internal/tunnel"
)

// endpoint is an address at which an engine may be.
type endpoint struct {
	host    string // the address, in the form of DOCKER_HOST
	found   string // how it was found, as in [engine.Info]
	context string // the docker context whose TLS settings apply
	fromEnv bool   // the TLS settings of the environment apply
	own     bool   // the podman command uses this address without --url
}

// hostEnvironment is all of this computer that decides where engines may be.
type hostEnvironment struct {
	os         string // GOOS
	root       bool   // the program runs as root
	home       string
	runtimeDir string // $XDG_RUNTIME_DIR, or where it usually is
	tempDir    string
	dockerHost string // $DOCKER_HOST
	tls        bool   // the environment asks for TLS
	context    string // name of the docker context, empty for the default one
	contextEnv bool   // context comes from $DOCKER_CONTEXT, not the docker configuration
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
	s.home, _ = os.UserHomeDir() // empty when unknown
	s.tls, _ = tlsWanted()
	s.contextEnv = s.context != ""
	if s.context == "" {
		docker, _ := readDockerConfig()
		s.context = docker.CurrentContext
	}
	return s
}

// endpoints lists where the engine may be. That is the one endpoint that the user chose
// for the docker command, or else the default endpoint and the usual sockets of other
// engines. When the chosen endpoint cannot be used, the error is a [*problem.Problem].
func endpoints(s hostEnvironment) ([]endpoint, error) {
	byDefault := s.context == "" || s.context == "default"
	switch {
	case s.dockerHost != "", s.tls && byDefault:
		return s.envEndpoint()
	case byDefault:
		return defaultEndpoints(s), nil
	}
	found := "context " + s.context
	e, err := s.endpoint(s.context)
	switch {
	case err != nil:
		return nil, contextProblem(s.context, s.contextEnv, err)
	case e.Host == "":
		return []endpoint{{host: defaultEndpoints(s)[0].host, found: found, context: s.context}}, nil
	}
	return []endpoint{{host: e.Host, found: found, context: s.context}}, nil
}

// envEndpoint returns the endpoint that the environment names. DOCKER_HOST may be
// abbreviated or blank, and TLS changes the default address.
func (s hostEnvironment) envEndpoint() ([]endpoint, error) {
	host, err := opts.ParseHost(s.tls, s.dockerHost)
	p := endpoint{host: host, found: "DOCKER_HOST", fromEnv: true}
	if s.dockerHost == "" {
		p.found = "DOCKER_TLS"
	}
	if err != nil {
		return nil, addressProblem(p, err)
	}
	return []endpoint{p}, nil
}

// overSSH reports whether an address uses SSH.
func overSSH(host string) bool { return strings.HasPrefix(host, "ssh://") }

// defaultEndpoints lists the platform's default address, and then the addresses of
// engines that the docker command was not told of.
func defaultEndpoints(s hostEnvironment) []endpoint {
	if s.os == "windows" {
		return []endpoint{
			{host: "npipe:////./pipe/docker_engine", found: engine.FoundByDefault},
			{host: "npipe:////./pipe/dockerDesktopLinuxEngine", found: "pipe of Docker Desktop"},
			{host: "npipe:////./pipe/podman-machine-default", found: "pipe of Podman"},
		}
	}
	all := []endpoint{{host: "unix:///var/run/docker.sock", found: engine.FoundByDefault}}
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
	add("Colima", relativeTo(s.home, ".colima/default/docker.sock"), relativeTo(s.home, ".config/colima/default/docker.sock"))
	add("Rancher Desktop", relativeTo(s.home, ".rd/docker.sock"))
	add("OrbStack", relativeTo(s.home, ".orbstack/run/docker.sock"))
	add("Lima", relativeTo(s.home, ".lima/docker/sock/docker.sock"))
	if s.os == "darwin" {
		const machine = ".local/share/containers/podman/machine"
		add("Podman", relativeTo(s.tempDir, "podman/podman-machine-default-api.sock"), relativeTo(s.home, machine+"/podman.sock"),
			relativeTo(s.home, machine+"/podman-machine-default/podman.sock"), relativeTo(s.home, machine+"/qemu/podman.sock"))
		return all
	}
	add("Podman", relativeTo(s.runtimeDir, "podman/podman.sock"), engine.RootPodman)
	return all
}

// ownPodman reports whether the podman command uses an address without --url.
func (s hostEnvironment) ownPodman(host string) bool {
	return slices.ContainsFunc(defaultEndpoints(s), func(usual endpoint) bool {
		return usual.host == host && strings.HasSuffix(usual.found, " of Podman") && (host != "unix://"+engine.RootPodman || s.root)
	})
}

// infoBeforeAnswer returns what can be told of the engine at an endpoint before it has
// answered.
func (p endpoint) infoBeforeAnswer() engine.Info {
	podman := strings.Contains(p.found, "Podman") || strings.Contains(p.host, "podman")
	info := engine.Info{Name: "Docker", Host: p.host, Found: p.found, Command: p.cli(podman)}
	info.Local, info.Machine = whereIs(p.host)
	info.Forwarded = overSSH(p.host)
	if podman {
		info.Name = "Podman"
	}
	return info
}

// whereIs reports whether an address is on this computer, and returns the name of the
// machine that it leads to otherwise.
func whereIs(host string) (local bool, machine string) {
	u, err := url.Parse(host)
	if err != nil {
		return false, ""
	}
	return u.Scheme == "unix" || u.Scheme == "npipe", u.Hostname()
}

// cli returns the command that talks to the engine at an endpoint in a terminal: docker
// or podman, with the address where the command would use another one.
func (p endpoint) cli(podman bool) string {
	switch {
	case podman && overSSH(p.host):
		if b, err := tunnel.ParseDestination(p.host); err == nil {
			return "ssh " + b.Host() + " podman" // without podman here
		}
		return "podman"
	case podman && p.own:
		return "podman"
	case podman:
		return "podman --url " + config.ShellWord(p.host)
	case p.found == engine.FoundByDefault, p.fromEnv, p.found == "DOCKER_HOST", strings.HasPrefix(p.found, "context "):
		return "docker"
	default:
		return "docker --host " + config.ShellWord(p.host)
	}
}

// restartTime is how long the program waits for an engine that was in use before it
// takes another one: the engine may be restarting.
const restartTime = time.Minute

// candidateEndpoints picks the endpoints to try, in order: those that exist, or the
// first when none does. When the engine that answered last has been away for less than
// restartTime, its endpoint is the only one.
func candidateEndpoints(all []endpoint, exists func(host string) bool, last endpoint, away time.Duration) []endpoint {
	if away < restartTime && slices.Contains(all, last) {
		return []endpoint{last}
	}
	var existing []endpoint
	for _, p := range all {
		if exists(p.host) {
			existing = append(existing, p)
		}
	}
	if len(existing) == 0 {
		return all[:1]
	}
	return existing
}

// hostExists reports whether the socket or pipe of an address exists. It returns true
// for a network address, which has to be tried.
func hostExists(host string) bool {
	scheme, file, _ := strings.Cut(host, "://")
	if scheme != "unix" && scheme != "npipe" {
		return true
	}
	_, err := os.Stat(filepath.FromSlash(file))
	return err == nil
}

// finder looks for the engine. It reads the environment anew each time, because the
// user may have installed or chosen another engine since.
type finder struct {
	environment func() hostEnvironment
	exists      func(host string) bool
	now         func() time.Time

	mu   sync.Mutex
	last endpoint  // the endpoint that answered last
	lost time.Time // since when it does not answer; zero while it does
}

func newFinder() *finder {
	return &finder{environment: readHostEnvironment, exists: hostExists, now: time.Now}
}

// candidates returns the endpoints to try, in order. There is at least one, or the
// error is a [*problem.Problem].
func (f *finder) candidates() ([]endpoint, error) {
	environment := f.environment()
	all, err := endpoints(environment)
	if err != nil {
		return nil, err
	}
	for i := range all {
		all[i].own = environment.ownPodman(all[i].host)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	var away time.Duration
	if !f.lost.IsZero() {
		away = f.now().Sub(f.lost)
	}
	return candidateEndpoints(all, f.exists, f.last, away), nil
}

// answered records that the engine at p answered.
func (f *finder) answered(p endpoint) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.last, f.lost = p, time.Time{}
}

// noneAnswered records that no engine answered.
func (f *finder) noneAnswered() {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.lost.IsZero() {
		f.lost = f.now()
	}
}

// contextProblem tells that the current docker context cannot be used.
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

// tooFar returns a problem when an endpoint is on another machine and not reached over
// ssh: nothing would lead to the ports that are published there.
func tooFar(p endpoint) error {
	local, machine := whereIs(p.host)
	if local || overSSH(p.host) || machine == "" || config.IsLoopback(machine) {
		return nil
	}
	problem := &problem.Problem{
		Code:  problem.RemoteEngine,
		Short: i18n.T("problem.remoteEngine"),
		Hint:  i18n.T("problem.remoteEngineHint", "found", cmp.Or(engine.FoundText(p.found), p.host), "host", p.host),
	}
	address := "ssh://" + machine
	if strings.Contains(machine, ":") {
		address = "ssh://[" + machine + "]"
	}
	if _, err := tunnel.ParseDestination(address); err == nil {
		problem.Command = "colab-tray start --engine " + config.ShellWord(address)
	}
	return problem
}

// addressProblem tells that the address of an endpoint is not valid.
func addressProblem(p endpoint, err error) *problem.Problem {
	problem := &problem.Problem{
		Code:    problem.NoEngine,
		Short:   i18n.T("problem.badAddress"),
		Hint:    i18n.FullStop(i18n.T("problem.badAddressEnvHint", "cause", err.Error())),
		Command: engine.UnsetCommand("DOCKER_HOST"),
		Acts:    []problem.Act{{Name: problem.ActCopyCommand}},
		Err:     err,
	}
	if !p.fromEnv {
		problem.Hint = i18n.FullStop(i18n.T("problem.badAddressHint", "found", engine.FoundText(p.found), "cause", err.Error()))
		problem.Command = "docker context ls"
	}
	return problem
}
