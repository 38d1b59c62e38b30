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
	"github.com/docker/cli/cli/config/credentials"
	dockercontext "github.com/docker/cli/cli/context"
	dockerendpoint "github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
)

// dockerConfigDir returns the directory of the docker command's configuration.
// That of docker/cli remembers the first answer, and it has to be asked afresh.
func dockerConfigDir() string {
	home, _ := os.UserHomeDir()
	return cmp.Or(os.Getenv("DOCKER_CONFIG"), filepath.Join(home, ".docker"))
}

// readDockerConfig reads the configuration. Like the docker command it goes on
// with what it understood when there is an error, and asks the system's own
// store of credentials where the configuration names none.
func readDockerConfig() (*configfile.ConfigFile, error) {
	c, err := config.Load(dockerConfigDir())
	if !c.ContainsAuth() {
		c.CredentialsStore = credentials.DetectDefaultStore(c.CredentialsStore)
	}
	return c, err
}

// contexts is where the docker command keeps its contexts.
func contexts() store.Reader {
	return store.New(filepath.Join(dockerConfigDir(), "contexts"), store.NewConfig(
		func() any { return &map[string]any{} },
		store.EndpointTypeGetter(dockerendpoint.DockerEndpoint, func() any { return &dockerendpoint.EndpointMeta{} }),
	))
}

// contextEndpoint returns where a docker context says that its engine is.
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

// tlsWanted reports whether the environment asks for TLS, and whether for a
// look at the engine's certificate too.
func tlsWanted() (wanted, verify bool) {
	verify = os.Getenv("DOCKER_TLS_VERIFY") != ""
	return verify || os.Getenv("DOCKER_TLS") != "", verify
}

// endpointOfEnv adds what the environment says of TLS to an address. It is what
// the flags of the docker command do (docker/cli, cli/flags), which would bring
// a parser of flags along.
func endpointOfEnv(host string) (dockerendpoint.Endpoint, error) {
	e := dockerendpoint.Endpoint{EndpointMeta: dockerendpoint.EndpointMeta{Host: host}}
	wanted, verify := tlsWanted()
	if !wanted {
		return e, nil
	}
	dir := cmp.Or(os.Getenv("DOCKER_CERT_PATH"), dockerConfigDir())
	ifThere := func(name string) string {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); os.IsNotExist(err) {
			return ""
		}
		return path
	}
	e.SkipTLSVerify = !verify
	var err error
	e.TLSData, err = dockercontext.TLSDataFromFiles(filepath.Join(dir, "ca.pem"), ifThere("cert.pem"), ifThere("key.pem"))
	return e, err
}

// withProxies adds to the environment of a container what the docker
// configuration has of proxies for the engine at host. They are secrets, and in
// nothing that is shown or compared: as with docker, a container keeps those that
// it was made with.
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
