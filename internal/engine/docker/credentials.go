package docker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/cli/cli/config"
	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/credentials"
	"github.com/docker/cli/cli/config/types"
	"github.com/docker/docker-credential-helpers/client"
	helpers "github.com/docker/docker-credential-helpers/credentials"
	"github.com/docker/docker/api/types/registry"
)

// imageCredentials returns the credentials with which the docker command would pull an
// image, encoded for the engine's API; empty for an anonymous pull. The error tells why
// configured credentials could not be read. It never contains them. When the docker
// configuration names no credential store, the system's own is used.
func imageCredentials(ctx context.Context, image string, patience time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", nil // the engine reports it
	}
	docker, configErr := readDockerConfig()
	if !docker.ContainsAuth() {
		docker.CredentialsStore = credentials.DetectDefaultStore(docker.CredentialsStore)
	}
	auth, err := registryCredentials(ctx, docker, registryKey(reference.Domain(named)))
	if configErr != nil {
		err = errors.Join(err, fmt.Errorf("%s was not understood", docker.Filename))
	}
	if auth == (registry.AuthConfig{}) {
		return "", err
	}
	encoded, encodeErr := registry.EncodeAuthConfig(auth)
	return encoded, errors.Join(err, encodeErr)
}

// registryKey returns the key under which the docker command stores the credentials of
// a registry.
func registryKey(domain string) string {
	if domain == "docker.io" {
		return "https://index.docker.io/v1/"
	}
	return domain
}

// registryCredentials returns the credentials for a registry: from DOCKER_AUTH_CONFIG,
// else from the configured credential helper, else from the configuration file. It can
// return credentials together with an error.
func registryCredentials(ctx context.Context, docker *configfile.ConfigFile, key string) (registry.AuthConfig, error) {
	var envErr error
	if text := os.Getenv("DOCKER_AUTH_CONFIG"); text != "" {
		env, err := config.LoadFromReader(strings.NewReader(text))
		if err != nil {
			envErr = errors.New("DOCKER_AUTH_CONFIG was not understood")
		} else if auth, found := env.AuthConfigs[key]; found {
			return authFor(key, auth), nil
		}
	}
	helper, found := docker.CredentialHelpers[key]
	if !found {
		helper = docker.CredentialsStore
	}
	if helper != "" {
		auth, err := askHelper(ctx, helper, key)
		return auth, errors.Join(envErr, err)
	}
	auth, err := credentials.NewFileStore(docker).Get(key)
	return authFor(key, auth), errors.Join(envErr, err)
}

// authFor converts the configuration's entry for a registry to the type of Docker's
// API. An entry can be without credentials: old versions stored a mail address alone.
func authFor(key string, a types.AuthConfig) registry.AuthConfig {
	auth := registry.AuthConfig{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken}
	if auth != (registry.AuthConfig{}) {
		auth.ServerAddress = key
	}
	return auth
}

// askHelper asks docker-credential-NAME. The error leaves out the helper's output,
// which can contain a secret.
func askHelper(ctx context.Context, name, key string) (registry.AuthConfig, error) {
	program := &helperProgram{ctx: ctx, name: "docker-credential-" + name}
	got, err := client.Get(program.Run, key)
	switch {
	case helpers.IsErrCredentialsNotFound(err):
		return registry.AuthConfig{}, nil
	case program.err != nil:
		return registry.AuthConfig{}, fmt.Errorf("%s: %w", program.name, program.err)
	case err != nil:
		return registry.AuthConfig{}, fmt.Errorf("%s: its answer was not understood", program.name)
	case got.Username == "<token>":
		return registry.AuthConfig{IdentityToken: got.Secret, ServerAddress: key}, nil
	}
	return registry.AuthConfig{Username: got.Username, Password: got.Secret, ServerAddress: key}, nil
}

// helperProgram runs a credential helper under a context. The library's own runner has
// no context.
type helperProgram struct {
	ctx  context.Context
	name string
	cmd  *exec.Cmd
	err  error // the error of the process
}

var _ client.Program = (*helperProgram)(nil)

// Run implements [client.ProgramFunc].
func (p *helperProgram) Run(args ...string) client.Program {
	p.cmd = exec.CommandContext(p.ctx, p.name, args...)
	p.cmd.WaitDelay = time.Second // child processes can keep its output open
	hideWindow(p.cmd)
	return p
}

// Input implements [client.Program].
func (p *helperProgram) Input(in io.Reader) { p.cmd.Stdin = in }

// Output implements [client.Program].
func (p *helperProgram) Output() ([]byte, error) {
	var out bytes.Buffer
	p.cmd.Stdout = &out
	p.err = p.cmd.Run()
	if p.ctx.Err() != nil {
		p.err = errors.New("it did not answer in time")
	}
	return out.Bytes(), p.err
}
