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

// imageCredentials returns what the docker command would log in with to pull an
// image, in the form of the engine's API; empty for an anonymous pull. The error
// tells why credentials that are configured could not be had; it never has them.
func imageCredentials(ctx context.Context, image string, patience time.Duration) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return "", nil // the engine will say so
	}
	docker, broken := readDockerConfig()
	auth, err := registryCredentials(ctx, docker, registryKey(reference.Domain(named)))
	if broken != nil {
		err = errors.Join(err, fmt.Errorf("%s was not understood", docker.Filename))
	}
	if auth == (registry.AuthConfig{}) {
		return "", err
	}
	encoded, encodeErr := registry.EncodeAuthConfig(auth)
	return encoded, errors.Join(err, encodeErr)
}

// registryKey returns the name under which the docker command keeps the
// credentials of a registry.
func registryKey(domain string) string {
	if domain == "docker.io" {
		return "https://index.docker.io/v1/"
	}
	return domain
}

// registryCredentials returns those for a registry: of DOCKER_AUTH_CONFIG, of
// the credential helper that is configured, or of the configuration itself. With
// an error there can be some all the same.
func registryCredentials(ctx context.Context, docker *configfile.ConfigFile, key string) (registry.AuthConfig, error) {
	var broken error
	if text := os.Getenv("DOCKER_AUTH_CONFIG"); text != "" {
		env, err := config.LoadFromReader(strings.NewReader(text))
		if err != nil {
			broken = errors.New("DOCKER_AUTH_CONFIG was not understood")
		} else if auth, is := env.AuthConfigs[key]; is {
			return authFor(key, auth), nil
		}
	}
	helper, is := docker.CredentialHelpers[key]
	if !is {
		helper = docker.CredentialsStore
	}
	if helper != "" {
		auth, err := askHelper(ctx, helper, key)
		return auth, errors.Join(broken, err)
	}
	auth, err := credentials.NewFileStore(docker).Get(key)
	return authFor(key, auth), errors.Join(broken, err)
}

// authFor says in the engine's words what the configuration keeps about a
// registry, which can be nothing but the mail address that old versions noted.
func authFor(key string, a types.AuthConfig) registry.AuthConfig {
	auth := registry.AuthConfig{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken}
	if auth != (registry.AuthConfig{}) {
		auth.ServerAddress = key
	}
	return auth
}

// askHelper asks docker-credential-NAME. What it says when it fails is not
// handed on: nobody can tell what is in it.
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

// helperProgram runs a credential helper under a context, which the library's
// own runner does not.
type helperProgram struct {
	ctx  context.Context
	name string
	cmd  *exec.Cmd
	err  error // of the process
}

var _ client.Program = (*helperProgram)(nil)

// Run is a [client.ProgramFunc].
func (p *helperProgram) Run(args ...string) client.Program {
	p.cmd = exec.CommandContext(p.ctx, p.name, args...)
	p.cmd.WaitDelay = time.Second // for what it started and left behind
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
