package kubernetes

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// A cluster has no images that it could tell of: each node pulls for itself. So a pull is
// a pod without a GPU that runs the image for a moment: it shows whether the cluster gets
// the image, and the pod tells what containers of it begin with. That is kept in a config
// map. The image's own entrypoint and command are not told; with arguments alone, as our
// start script is given, a pod keeps the entrypoint.

// imageFacts is what is known of an image.
type imageFacts struct {
	Ref     string `json:"ref"`
	Digest  string `json:"digest,omitempty"`
	Arch    string `json:"arch"`
	UID     string `json:"uid"`
	GID     string `json:"gid"`
	Home    string `json:"home"`
	WorkDir string `json:"workDir"`
	NBUID   string `json:"nbUID,omitempty"`
	NBGID   string `json:"nbGID,omitempty"`
}

// imageKey is the key under which a config map has the facts of an image.
const imageKey = "image.json"

// factsHead begins what a pod tells of its image.
const factsHead = "colab-tray-image"

const factsScript = `printf '%s\n' ` + factsHead + ` "$(id -u)" "$(id -g)" "$HOME" "$(pwd)" "$NB_UID" "$NB_GID" "$(uname -m)"`

// imageName returns the name of the pod and the config map for an image.
func imageName(ref, platform string) string {
	sum := sha256.Sum256([]byte(ref + "\n" + platform))
	return "colab-tray-image-" + hex.EncodeToString(sum[:8])
}

// factsPod returns the pod that tells of an image. A namespace with a quota wants limits
// of each pod.
func factsPod(ref, platform string, on site) pod {
	name := imageName(ref, platform)
	p := podOf(engine.Spec{
		Name: name, Image: ref, Platform: platform, Entrypoint: []string{"/bin/sh"}, Cmd: []string{"-c", factsScript},
		Memory: 128 << 20, CPUs: 0.1,
	}, nil, on, "")
	p.Metadata.Labels = map[string]string{labelManager: managerName}
	return p
}

// factsOf reads what a pod tells of its image, which can say anything.
func factsOf(ref, imageID, said string) (imageFacts, error) {
	lines := strings.Split(strings.TrimSuffix(said, "\n"), "\n")
	if len(lines) != 8 || lines[0] != factsHead {
		return imageFacts{}, fmt.Errorf("the image %s does not tell what its containers begin with: %s", ref, words(said))
	}
	f := imageFacts{Ref: ref, UID: lines[1], GID: lines[2], Home: lines[3], WorkDir: lines[4], NBUID: lines[5], NBGID: lines[6]}
	f.Arch = cmp.Or(map[string]string{"x86_64": "amd64", "aarch64": "arm64"}[lines[7]], lines[7])
	if !path.IsAbs(f.Home) || !path.IsAbs(f.WorkDir) {
		return imageFacts{}, fmt.Errorf("the image %s has the home %q and the working directory %q", ref, f.Home, f.WorkDir)
	}
	if _, digest, is := strings.Cut(imageID, "@"); is {
		f.Digest = digest
	}
	return f, nil
}

// config returns what containers of the image begin with.
func (f imageFacts) config() engine.ImageConfig {
	c := engine.ImageConfig{User: f.UID + ":" + f.GID, WorkDir: path.Clean(f.WorkDir), Env: []string{"HOME=" + path.Clean(f.Home)}}
	for name, value := range map[string]string{"NB_UID": f.NBUID, "NB_GID": f.NBGID} {
		if engine.UserNumber.MatchString(value) {
			c.Env = append(c.Env, name+"="+value)
		}
	}
	return c
}

// info returns the facts as an engine tells them.
func (f imageFacts) info() engine.ImageInfo {
	config := f.config()
	info := engine.ImageInfo{ID: f.Ref, Config: &config}
	if f.Digest != "" {
		info.Digests = []string{f.Digest}
	}
	return info
}

// Image implements [engine.Engine]. An image has no ID before a node has it; its name
// takes that place.
func (e *Engine) Image(ctx context.Context, ref, platform string) (engine.ImageInfo, error) {
	facts, err := e.facts(ctx, ref, platform)
	if facts.Ref == "" || err != nil {
		return engine.ImageInfo{}, err
	}
	return facts.info(), nil
}

// facts returns what is known of an image; zero when that is nothing.
func (e *Engine) facts(ctx context.Context, ref, platform string) (facts imageFacts, err error) {
	var kept configMap
	err = e.api.get(ctx, e.path(configMaps, imageName(ref, platform)), nil, &kept)
	if isMissing(err) {
		return imageFacts{}, nil
	}
	if err != nil {
		return imageFacts{}, e.failure(err)
	}
	if err := json.Unmarshal([]byte(kept.Data[imageKey]), &facts); err != nil || facts.Ref != ref {
		return imageFacts{}, nil // as if it was not there: the next pull writes it anew
	}
	if platform != "" && !strings.HasPrefix(platform+"/", "linux/"+facts.Arch+"/") {
		return imageFacts{}, nil
	}
	return facts, nil
}

// Pull implements [engine.Engine].
func (e *Engine) Pull(ctx context.Context, ref, platform string, progress func(engine.Progress)) error {
	return e.PullFor(ctx, ref, platform, config.ClusterSettings{}, progress)
}

// PullFor implements [engine.ClusterPuller].
func (e *Engine) PullFor(ctx context.Context, ref, platform string, at config.ClusterSettings, progress func(engine.Progress)) (err error) {
	progress(engine.Progress{Layers: 1})
	name := imageName(ref, platform)
	grace := int64(1)
	if before, err := e.pod(ctx, name); err != nil {
		return err
	} else if before != nil { // of a pull that was broken off
		if err := e.removePod(ctx, name, before.Metadata.UID, grace); err != nil {
			return e.failure(err)
		}
	}
	var made pod
	if err := e.api.create(ctx, e.path(pods), factsPod(ref, platform, siteOf(at)), &made); err != nil {
		return e.failure(err)
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
		defer cancel()
		err = errors.Join(err, e.failure(e.api.remove(ctx, e.path(pods, name), made.Metadata.UID, &grace)))
	}()
	p, err := e.awaitPod(ctx, name, func(p *pod) bool {
		if p == nil {
			return true
		}
		over, _ := isOver(*p)
		return over
	})
	if err != nil {
		return e.failure(err)
	}
	facts, err := e.readFacts(ctx, ref, p)
	if err != nil {
		return err
	}
	if err := e.keepFacts(ctx, name, facts); err != nil {
		return e.failure(err)
	}
	progress(engine.Progress{Layers: 1, LayersDone: 1})
	return nil
}

// readFacts reads what a pod that is over has told of its image.
func (e *Engine) readFacts(ctx context.Context, ref string, p *pod) (imageFacts, error) {
	if p == nil {
		return imageFacts{}, fmt.Errorf("somebody has deleted the pod for the image %s", ref)
	}
	run := runOf(*p)
	switch {
	case run.Cause == engine.CauseImage:
		return imageFacts{}, imageError(run.Said)
	case run.Cause != "":
		return imageFacts{}, refusedProblem(run.Said, nil)
	case run.ExitCode != 0:
		return imageFacts{}, fmt.Errorf("the image %s cannot run sh: exit code %d %s", ref, run.ExitCode, run.Said)
	}
	log, err := e.openLog(ctx, p.Metadata.Name, engine.LogQuery{Tail: -1})
	if err != nil {
		return imageFacts{}, err
	}
	defer log.Close()
	said, err := io.ReadAll(io.LimitReader(log, maxSaid))
	if err != nil {
		return imageFacts{}, e.failure(err)
	}
	main, _ := statusOf(p.Status.ContainerStatuses, mainContainer)
	return factsOf(ref, main.ImageID, string(said))
}

func (e *Engine) keepFacts(ctx context.Context, name string, facts imageFacts) error {
	text, err := json.Marshal(facts)
	if err != nil {
		return err
	}
	if err := e.removeOurs(ctx, configMaps, name); err != nil {
		return err
	}
	return e.api.create(ctx, e.path(configMaps), configMap{
		typeMeta: typeMeta{"v1", "ConfigMap"},
		Metadata: objectMeta{Name: name, Labels: map[string]string{labelManager: managerName}},
		Data:     map[string]string{imageKey: string(text)},
	}, nil)
}

// imageError wraps the words of a node that cannot pull an image.
func imageError(said string) error {
	text := strings.ToLower(said)
	kind := engine.ErrImageNotFound
	for words, other := range map[string]error{
		"no match for platform": engine.ErrPlatform, "no matching manifest": engine.ErrPlatform, "no space left": engine.ErrDiskFull,
		"dial tcp": engine.ErrNetwork, "timeout": engine.ErrNetwork, "x509": engine.ErrNetwork, "too many requests": engine.ErrNetwork, "toomanyrequests": engine.ErrNetwork,
	} {
		if strings.Contains(text, words) {
			kind = other
		}
	}
	return fmt.Errorf("%w: %s", kind, said)
}
