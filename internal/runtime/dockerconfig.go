package runtime

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"colabtray/internal/words"
)

// dockerConfig is what concerns us of the docker command's configuration
// (~/.docker/config.json). We read it ourselves: the packages of docker/cli
// that do would make the program 0.3 MB larger.
type dockerConfig struct {
	CurrentContext string                `json:"currentContext"`
	Auths          map[string]dockerAuth `json:"auths"`
	CredsStore     string                `json:"credsStore"`
	CredHelpers    map[string]string     `json:"credHelpers"`
}

// dockerConfigDir returns the directory of the docker command's configuration.
func dockerConfigDir() string {
	home, _ := os.UserHomeDir()
	return cmp.Or(os.Getenv("DOCKER_CONFIG"), filepath.Join(home, ".docker"))
}

// readDockerConfig reads the configuration; like the docker command it does
// without when there is none or it is broken.
func readDockerConfig() dockerConfig {
	var c dockerConfig
	text, err := os.ReadFile(filepath.Join(dockerConfigDir(), "config.json"))
	if err != nil || json.Unmarshal(text, &c) != nil {
		return dockerConfig{}
	}
	return c
}

// endpoint is where a docker context says that its engine is.
type endpoint struct {
	host string // empty for the default address
	tls  tlsFiles
}

// contextEndpoint reads a context from where the docker command stores it
// (docker/cli, cli/context/store): a directory named by the hash of its name.
func contextEndpoint(name string) (endpoint, error) {
	hash := sha256.Sum256([]byte(name))
	dir := filepath.Join(dockerConfigDir(), "contexts")
	id := hex.EncodeToString(hash[:])
	text, err := os.ReadFile(filepath.Join(dir, "meta", id, "meta.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return endpoint{}, errors.New(words.Say("problem.contextUnknown"))
	}
	if err != nil {
		return endpoint{}, err
	}
	var meta struct {
		Endpoints map[string]struct {
			Host          string
			SkipTLSVerify bool
		}
	}
	if err := json.Unmarshal(text, &meta); err != nil {
		return endpoint{}, fmt.Errorf("%s: %w", words.Say("problem.contextBroken"), err)
	}
	docker, is := meta.Endpoints["docker"]
	if !is {
		return endpoint{}, errors.New(words.Say("problem.contextEmpty"))
	}
	e := endpoint{host: docker.Host, tls: tlsFiles{skipVerify: docker.SkipTLSVerify}}
	for file, to := range map[string]*string{"ca.pem": &e.tls.ca, "cert.pem": &e.tls.cert, "key.pem": &e.tls.key} {
		path := filepath.Join(dir, "tls", id, "docker", file)
		if _, err := os.Stat(path); err == nil {
			*to = path
		}
	}
	return e, nil
}
