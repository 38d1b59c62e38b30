package docker

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
	"colabtray/test/testenv"
)

// TestProxiesAsTheDockerCommand makes containers with the docker command and by
// ourselves, and compares their environment.
func TestProxiesAsTheDockerCommand(t *testing.T) {
	testenv.Takes(t, "a real engine makes containers")
	host := testenv.Engine(t)
	image := testenv.Image(t, testenv.FakeJupyter)
	home := testenv.DockerHome(t)
	t.Setenv("DOCKER_HOST", host)
	const byDefault = `"default": {"httpProxy": "http://me:secret@proxy:3128", "httpsProxy": "http://proxy:3129", "noProxy": "a,b", "ftpProxy": "f", "allProxy": "all"}`
	for name, c := range map[string]struct {
		config string
		env    map[string]string
		want   int // how many variables
	}{
		"none":                  {config: `{}`},
		"of all engines":        {config: `{"proxies": {` + byDefault + `}}`, want: 10},
		"of this engine":        {config: `{"proxies": {` + byDefault + `, "` + host + `": {"httpProxy": "http://here"}}}`, want: 2},
		"of another engine":     {config: `{"proxies": {"tcp://elsewhere:2375": {"httpProxy": "http://there"}}}`},
		"the profile's first":   {config: `{"proxies": {` + byDefault + `}}`, env: map[string]string{"HTTP_PROXY": "http://own", "no_proxy": "", "A": "b"}, want: 10},
		"broken, but readable":  {config: `{"proxies": {` + byDefault + `}, "auths": {"x": {"auth": "%"}}}`, want: 10},
		"of which some are not": {config: `{"proxies": {"default": {"noProxy": "x"}}}`, want: 2},
	} {
		t.Run(name, func(t *testing.T) {
			testenv.Write(t, filepath.Join(home, ".docker", "config.json"), c.config)
			environment := func(container string) []string {
				lines := strings.Split(strings.TrimSpace(testenv.DockerAt(t, host, "inspect", "--format", "{{range .Config.Env}}{{println .}}{{end}}", container)), "\n")
				slices.Sort(lines)
				return lines
			}
			theirs, ours := testenv.RuntimeName(t), testenv.RuntimeName(t)
			command := []string{"create", "--name", theirs}
			spec := engine.Spec{Name: ours, Image: image, InnerPort: 8888, Port: testenv.FreePort(t), Volume: ours + "-data", DataDir: "/home/jovyan"}
			for _, name := range slices.Sorted(maps.Keys(c.env)) {
				command = append(command, "--env", name+"="+c.env[name])
				spec.Env = append(spec.Env, config.Variable{Name: name, Value: secret.New(c.env[name])})
			}
			testenv.DockerAt(t, host, append(command, image)...)
			hash := spec.Hash()
			d, err := New("")
			if err != nil {
				t.Fatal(err)
			}
			defer d.Close()
			if _, err := d.Create(t.Context(), spec); err != nil {
				t.Fatal(err)
			}
			made, wanted := environment(ours), environment(theirs)
			proxies := 0
			for _, pair := range made {
				name, _, _ := strings.Cut(pair, "=")
				if !strings.HasSuffix(strings.ToLower(name), "_proxy") {
					continue
				}
				proxies++
				if secret.VariableNames.MatchString(name) == strings.EqualFold(name, "no_proxy") {
					t.Errorf("%s can be in a report", name)
				}
			}
			if !slices.Equal(made, wanted) || proxies != c.want {
				t.Errorf("docker: %q\nours: %q", wanted, made)
			}
			if spec.Hash() != hash || strings.Contains(fmt.Sprintf("%+v", spec), "secret@") {
				t.Errorf("the proxies are part of the settings: %+v", spec)
			}
		})
	}
}
