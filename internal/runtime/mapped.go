package runtime

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"

	cerrdefs "github.com/containerd/errdefs"
	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/versions"

	"colabtray/internal/config"
	"colabtray/internal/words"
)

// A Podman of an ordinary user has that person as root in its containers, so
// folders of the host belong to root there, and Jupyter's user cannot write to
// them. From 4.3 on it can have the person as any user. The files of a volume
// then belong to others than without, so this is settled when a volume is made,
// and noted on it: whatever mounts it has the users as its first container had.

// labelUser is, on a data volume, the user whom the person is in its containers.
const labelUser = "dev.colabtray.user"

// newVolumeLabels returns the labels of the data volume, should it have to be
// made. To map users, an engine copies the image: that is for folders alone.
func newVolumeLabels(ctx context.Context, e Engine, s Spec) (map[string]string, error) {
	labels := volumeLabels(s)
	if len(s.Folders) == 0 {
		return labels, nil
	}
	user, err := e.MappedUser(ctx, s)
	if user != "" {
		labels[labelUser] = user
	}
	return labels, err
}

// MappedUser implements [Engine].
func (d *Docker) MappedUser(ctx context.Context, s Spec) (string, error) {
	if !d.mapsUsers.Load() {
		return "", nil
	}
	image, err := d.api.Load().ImageInspect(ctx, s.Image)
	if cerrdefs.IsNotFound(err) || err == nil && image.Config == nil {
		return "", nil
	}
	if err != nil {
		return "", engineError(err)
	}
	env := slices.Clone(image.Config.Env)
	for _, v := range s.Env {
		env = append(env, v.Name+"="+v.Value.Reveal())
	}
	return ordinaryUser(cmp.Or(s.User, image.Config.User), env), nil
}

// ordinaryUser returns the numbers of the user that Jupyter runs as, which for
// root is whom images of docker-stacks go on as; empty where they are not known,
// or it is root.
func ordinaryUser(user string, env []string) string {
	variable := func(name string) (value string) {
		for _, pair := range env {
			if v, is := strings.CutPrefix(pair, name+"="); is {
				value = v
			}
		}
		return value
	}
	uid, gid, _ := strings.Cut(user, ":")
	if !userNumber.MatchString(uid) {
		uid, gid = variable("NB_UID"), ""
	}
	if !userNumber.MatchString(gid) {
		gid = variable("NB_GID")
	}
	if !userNumber.MatchString(uid) || !userNumber.MatchString(gid) {
		return ""
	}
	return uid + ":" + gid
}

// userNumber is the number of a user or group other than root.
var userNumber = regexp.MustCompile(`^[1-9][0-9]{0,8}$`)

// userns returns how users are mapped in what mounts a volume; empty for the
// engine's own way.
func (d *Docker) userns(ctx context.Context, volume string) (container.UsernsMode, error) {
	if !d.mapsUsers.Load() {
		return "", nil
	}
	v, err := d.api.Load().VolumeInspect(ctx, volume)
	if cerrdefs.IsNotFound(err) {
		return "", nil
	}
	if err != nil {
		return "", engineError(err)
	}
	uid, gid, _ := strings.Cut(v.Labels[labelUser], ":")
	if !userNumber.MatchString(uid) || !userNumber.MatchString(gid) {
		return "", nil
	}
	return container.UsernsMode("keep-id:uid=" + uid + ",gid=" + gid), nil
}

// askMapping asks Podman whether it can map users: since 4.3, and only where it
// is not root's.
func (d *Docker) askMapping(ctx context.Context) (bool, error) {
	request, err := d.libpodRequest(ctx, http.MethodGet, "info", nil)
	if err != nil {
		return false, err
	}
	response, err := d.api.Load().HTTPClient().Do(request)
	if err != nil {
		return false, engineError(err)
	}
	defer response.Body.Close()
	var info struct {
		Host struct {
			Security struct {
				Rootless bool `json:"rootless"`
			} `json:"security"`
		} `json:"host"`
		Version struct{ Version string }
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&info); err != nil {
		return false, fmt.Errorf("%s: %w", words.Say("problem.answerNotUnderstood"), err)
	}
	return info.Host.Security.Rootless && versions.GreaterThanOrEqualTo(info.Version.Version, "4.3"), nil
}

// unmappedWarning tells of folders that cannot be written, for the volume was
// made before users could be mapped for them.
func unmappedWarning(p config.Profile, c Container, e EngineInfo) *Problem {
	writable := slices.ContainsFunc(c.Given.Folders, func(f config.Folder) bool { return !f.ReadOnly })
	if !e.MapsUsers || !c.ours() || !writable || c.Given.Mapped || ordinaryUser(c.User, c.Env) == "" {
		return nil
	}
	return &Problem{
		Code:    CodeFoldersUnmapped,
		Short:   words.Say("problem.unmapped"),
		Hint:    words.Say("problem.unmappedHint", "volume", p.Volume()),
		Command: p.CommandLine("delete", "--data") + " && " + p.CommandLine("restore"),
	}
}
