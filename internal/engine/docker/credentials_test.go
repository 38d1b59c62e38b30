package docker

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/docker/cli/cli/config/configfile"
	"github.com/docker/cli/cli/config/types"

	"colabtray/internal/engine"
	"colabtray/test/testenv"
)

// TestPullWithCredentials pulls from a registry that asks who comes, with each
// way to tell docker, and with each way in which that can go wrong.
func TestPullWithCredentials(t *testing.T) {
	testenv.Takes(t, "real engines pull")
	t.Run("docker", func(t *testing.T) { pullWithCredentials(t, testenv.Engine(t)) })
	t.Run("podman", func(t *testing.T) { pullWithCredentials(t, testenv.Podman(t).Host()) })
}

func pullWithCredentials(t *testing.T, which string) {
	reg := testenv.NewRegistry(t)
	ref, _ := reg.PushLayers(t, "guarded", 1<<10, 1)
	closed := testenv.Guard{User: "me", Password: "pass:word", Identity: "identity-token"}
	open := closed
	open.Anonymous = true

	basic := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	auths := func(key, entry string) string { return fmt.Sprintf(`{"auths": {%q: %s}}`, key, entry) }
	good := fmt.Sprintf(`{"auth": %q}`, basic("me:pass:word"))
	helpers := fmt.Sprintf(`{"credHelpers": {%q: "x"}, "auths": {%[1]q: {}}}`, reg.Address)
	const tells = `[ "$1" = get ] && server=$(cat) && printf '{"ServerURL": "%s", "Username": "USER", "Secret": "SECRET"}' "$server"`
	helper := func(user, secret string) string {
		return strings.NewReplacer("USER", user, "SECRET", secret).Replace(tells)
	}
	for name, c := range map[string]struct {
		guard  testenv.Guard
		config string
		helper string // script of docker-credential-x; empty for none
		env    string // DOCKER_AUTH_CONFIG
		fails  bool
		noted  string // in the log
	}{
		"no credentials":            {guard: closed, config: `{}`, fails: true},
		"no credentials needed":     {guard: open, config: `{}`},
		"in the configuration":      {guard: closed, config: auths(reg.Address, good)},
		"as old versions wrote it":  {guard: closed, config: auths("http://"+reg.Address+"/v1/", good)},
		"not in base64":             {guard: closed, config: auths(reg.Address, `{"username": "me", "password": "pass:word"}`)},
		"an identity token":         {guard: closed, config: auths(reg.Address, `{"identitytoken": "identity-token"}`)},
		"in the environment":        {guard: closed, config: `{}`, env: auths(reg.Address, good)},
		"a helper for the registry": {guard: closed, config: helpers, helper: helper("me", "pass:word")},
		"a helper for all":          {guard: closed, config: `{"credsStore": "x"}`, helper: helper("me", "pass:word")},
		"a helper with a token":     {guard: closed, config: helpers, helper: helper("<token>", "identity-token")},
		"a helper that has none":    {guard: open, config: helpers, helper: `echo "credentials not found in native keychain"; exit 1`},
		"a helper that is missing":  {guard: open, config: helpers, noted: "docker-credential-x"},
		"a helper that fails":       {guard: open, config: helpers, helper: `echo pass:word; exit 3`, noted: "exit status 3"},
		"a helper that babbles":     {guard: open, config: helpers, helper: `echo pass:word`, noted: "not understood"},
		"a helper that hangs":       {guard: open, config: helpers, helper: `exec sleep 60`, noted: "did not answer in time"},
		"a helper that is wrong":    {guard: open, config: helpers, helper: helper("me", "pass:old"), noted: "refused"},
		"wrong, and needed":         {guard: closed, config: helpers, helper: helper("me", "pass:old"), fails: true, noted: "refused"},
		"a broken entry":            {guard: open, config: auths(reg.Address, `{"auth": "pass:word"}`), noted: "config.json was not understood"},
		"a broken environment":      {guard: open, config: `{}`, env: "pass:word", noted: "DOCKER_AUTH_CONFIG"},
		"only that is broken":       {guard: closed, config: auths(reg.Address, good), env: "pass:word", noted: "DOCKER_AUTH_CONFIG"},
		"a broken configuration":    {guard: open, config: `{"auths": `, noted: "config.json was not understood"},
	} {
		t.Run(name, func(t *testing.T) {
			home := testenv.DockerHome(t)
			bin := filepath.Join(home, "bin")
			write := func(path, text string, mode os.FileMode) {
				if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, []byte(text), mode)); err != nil {
					t.Fatal(err)
				}
			}
			write(filepath.Join(home, ".docker", "config.json"), c.config, 0o600)
			if c.helper != "" {
				write(filepath.Join(bin, "docker-credential-x"), "#!/bin/sh\n"+c.helper+"\n", 0o700)
			}
			t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
			t.Setenv("DOCKER_AUTH_CONFIG", c.env)
			reg.RequireLogin(c.guard)

			var log bytes.Buffer
			docker, err := New(which)
			if err != nil {
				t.Fatal(err)
			}
			defer docker.Close()
			docker.log = slog.New(slog.NewTextHandler(&log, nil))
			if strings.Contains(c.noted, "in time") {
				docker.helperPatience = 200 * time.Millisecond
			}
			err = docker.Pull(t.Context(), ref, "", func(engine.Progress) {})
			_ = exec.Command("docker", "-H", which, "rmi", ref).Run()
			if c.fails != (err != nil) || err != nil && !errors.Is(err, engine.ErrImageNotFound) {
				t.Errorf("the pull ended with %v", err)
			}
			if !strings.Contains(log.String(), c.noted) || c.noted == "" && log.Len() > 0 {
				t.Errorf("the log is %q, want %q in it", &log, c.noted)
			}
			if text := fmt.Sprint(&log, err); strings.Contains(text, "pass:") || strings.Contains(text, "identity-token") {
				t.Errorf("credentials show in %s", text)
			}
		})
	}
}

func TestRegistryKeys(t *testing.T) {
	testenv.DockerHome(t)
	docker := &configfile.ConfigFile{AuthConfigs: map[string]types.AuthConfig{
		"https://index.docker.io/v1/": {Username: "hub", Password: "p"},
		"https://quay.io/v2/":         {Username: "quay", Password: "p"},
		"localhost:5000":              {Username: "local", Password: "p"},
		"gcr.io":                      {},
	}}
	for domain, user := range map[string]string{
		"docker.io": "hub", "quay.io": "quay", "localhost:5000": "local", "localhost": "", "gcr.io": "", "example.org": "",
	} {
		auth, err := registryCredentials(t.Context(), docker, registryKey(domain))
		if err != nil || auth.Username != user {
			t.Errorf("%s: got %q, %v", domain, auth.Username, err)
		}
	}
}
