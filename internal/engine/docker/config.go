package docker

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"colabtray/internal/i18n"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	dockercontext "github.com/docker/cli/cli/context"
	dockerendpoint "github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
)

// dockerConfigDir returns the directory of the docker command's configuration. The
// function of docker/cli caches its first answer, but the directory can change while
// the program runs.
func dockerConfigDir() string {
	home, _ := os.UserHomeDir()
	return cmp.Or(os.Getenv("DOCKER_CONFIG"), filepath.Join(home, ".docker"))
}

// readDockerConfig reads the docker command's configuration. With an error it returns
// the part that was understood, as the docker command does.
func readDockerConfig() (*configfile.ConfigFile, error) { return config.Load(dockerConfigDir()) }

// contexts returns the store of docker contexts.
func contexts() store.Reader {
	return store.New(filepath.Join(dockerConfigDir(), "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(dockerendpoint.DockerEndpoint, func() any { return &dockerendpoint.EndpointMeta{} }),
	))
}

// contextEndpoint returns the engine's address in a docker context.
func contextEndpoint(name string) (dockerendpoint.EndpointMeta, error) {
	context, err := contexts().GetMetadata(name)
	switch {
	case cerrdefs.IsNotFound(err):
		return dockerendpoint.EndpointMeta{}, errors.New(i18n.T("problem.contextUnknown"))
	case err != nil:
		return dockerendpoint.EndpointMeta{}, fmt.Errorf("%s: %w", i18n.T("problem.contextBroken"), err)
	}
	meta, err := dockerendpoint.EndpointFromContext(context)
	if err != nil {
		return meta, errors.New(i18n.T("problem.contextEmpty"))
	}
	return meta, nil
}

// tlsWanted reports whether the environment asks for TLS, and whether it asks to verify
// the engine's certificate.
func tlsWanted() (wanted, verify bool) {
	verify = os.Getenv("DOCKER_TLS_VERIFY") != ""
	return verify || os.Getenv("DOCKER_TLS") != "", verify
}

// endpointOfEnv adds the TLS settings of the environment to an address. It does what
// the flags of the docker command do (docker/cli, cli/flags), whose package would bring
// a flag parser along.
func endpointOfEnv(host string) (dockerendpoint.Endpoint, error) {
	e := dockerendpoint.Endpoint{EndpointMeta: dockerendpoint.EndpointMeta{Host: host}}
	wanted, verify := tlsWanted()
	if !wanted {
		return e, nil
	}
	dir := cmp.Or(os.Getenv("DOCKER_CERT_PATH"), dockerConfigDir())
	ifExists := func(name string) string {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return ""
		}
		return path
	}
	e.SkipTLSVerify = !verify
	var err error
	e.TLSData, err = dockercontext.TLSDataFromFiles(filepath.Join(dir, "ca.pem"), ifExists("cert.pem"), ifExists("key.pem"))
	return e, err
}

// withProxies adds the proxies that the docker configuration has for the engine at host
// to the environment of a container. Proxies can contain passwords, so they are not
// shown, and not part of the settings' hash. As with the docker command, a container
// keeps the proxies that it was made with.
func withProxies(env []string, host string) []string {
	effective := map[string]*string{}
	for _, pair := range env {
		name, _, _ := strings.Cut(pair, "=")
		effective[name] = nil
	}
	docker, _ := readDockerConfig()
	proxies := docker.ParseProxyConfig(host, effective)
	for _, name := range slices.Sorted(maps.Keys(proxies)) {
		if value := proxies[name]; value != nil {
			env = append(env, name+"="+*value)
		}
	}
	return env
}
