package runtime

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/distribution/reference"
	"github.com/docker/docker-credential-helpers/client"
	"github.com/docker/docker-credential-helpers/credentials"
	"github.com/docker/docker/api/types/registry"
)

// dockerAuth is what the docker configuration keeps about a registry itself.
type dockerAuth struct {
	Auth          string `json:"auth"` // user:password in base64
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

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
	auth, err := readDockerConfig().credentials(ctx, registryKey(reference.Domain(named)))
	if err != nil || auth == (registry.AuthConfig{}) {
		return "", err
	}
	return registry.EncodeAuthConfig(auth)
}

// registryKey returns the name under which the docker command keeps the
// credentials of a registry.
func registryKey(domain string) string {
	if domain == "docker.io" {
		return "https://index.docker.io/v1/"
	}
	return domain
}

// credentials returns those for a registry: of DOCKER_AUTH_CONFIG, of the
// credential helper that is configured, or of the configuration itself.
func (c dockerConfig) credentials(ctx context.Context, key string) (registry.AuthConfig, error) {
	if text := os.Getenv("DOCKER_AUTH_CONFIG"); text != "" {
		var env dockerConfig
		if json.Unmarshal([]byte(text), &env) != nil {
			return registry.AuthConfig{}, errors.New("DOCKER_AUTH_CONFIG was not understood")
		}
		if auth, is := env.Auths[key]; is {
			return auth.decode(key)
		}
	}
	if helper := cmp.Or(c.CredHelpers[key], c.CredsStore); helper != "" {
		return askHelper(ctx, helper, key)
	}
	if auth, is := c.Auths[key]; is {
		return auth.decode(key)
	}
	for name, auth := range c.Auths { // as old versions wrote it, with scheme and path
		if hostOf(name) == key {
			return auth.decode(key)
		}
	}
	return registry.AuthConfig{}, nil
}

// hostOf returns the host, with its port, of a registry's address.
func hostOf(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		return u.Host
	}
	host, _, _ := strings.Cut(address, "/")
	return host
}

func (a dockerAuth) decode(key string) (registry.AuthConfig, error) {
	auth := registry.AuthConfig{
		Username: a.Username, Password: a.Password, ServerAddress: key,
		IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken,
	}
	if a.Auth != "" {
		text, err := base64.StdEncoding.DecodeString(a.Auth)
		user, password, is := strings.Cut(string(text), ":")
		if err != nil || !is || user == "" {
			return registry.AuthConfig{}, fmt.Errorf("the docker configuration's entry for %s was not understood", key)
		}
		auth.Username, auth.Password = user, strings.Trim(password, "\x00")
	}
	if auth == (registry.AuthConfig{ServerAddress: key}) {
		return registry.AuthConfig{}, nil // only a mail address, which old versions kept
	}
	return auth, nil
}

// askHelper asks docker-credential-NAME. What it says when it fails is not
// handed on: nobody can tell what is in it.
func askHelper(ctx context.Context, name, key string) (registry.AuthConfig, error) {
	program := &helperProgram{ctx: ctx, name: "docker-credential-" + name}
	got, err := client.Get(program.run, key)
	switch {
	case credentials.IsErrCredentialsNotFound(err):
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

// run is a [client.ProgramFunc].
func (p *helperProgram) run(args ...string) client.Program {
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
