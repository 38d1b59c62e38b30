package docker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/docker/docker/api/types/container"
	"github.com/docker/docker/api/types/mount"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// createLibpod makes a container through Podman's own API. Podman's Docker API accepts
// a request for GPUs, but makes the container without any
// (https://github.com/containers/podman/issues/22645).
func (d *Engine) createLibpod(ctx context.Context, name string, c *container.Config, h *container.HostConfig, p *ocispec.Platform) (id string, err error) {
	body, err := json.Marshal(libpodSpec(name, c, h, p))
	if err != nil {
		return "", err
	}
	api := d.api.Load()
	request, err := libpodRequest(ctx, api, http.MethodPost, "containers/create", bytes.NewReader(body))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := api.HTTPClient().Do(request)
	if err != nil {
		return "", engineError(err)
	}
	defer response.Body.Close()
	var answer struct {
		ID       string   `json:"Id"`
		Warnings []string `json:"Warnings"`
		Message  string   `json:"message"`
	}
	if err := json.NewDecoder(io.LimitReader(response.Body, 1<<20)).Decode(&answer); err != nil {
		return "", fmt.Errorf("%s: %w", i18n.T("problem.answerNotUnderstood"), err)
	}
	if response.StatusCode != http.StatusCreated {
		return "", engineError(errors.New(engine.DaemonPrefix + answer.Message))
	}
	d.recordWarnings(answer.ID, answer.Warnings)
	return answer.ID, nil
}

// libpodRequest makes a request for Podman's own API.
func libpodRequest(ctx context.Context, api *apiClient, method, path string, body io.Reader) (*http.Request, error) {
	// The client connects to the socket whatever the host name in the URL.
	host := "podman"
	if address, found := strings.CutPrefix(api.DaemonHost(), "tcp://"); found {
		host = address
	}
	return http.NewRequestWithContext(ctx, method, "http://"+host+"/v4.0.0/libpod/"+path, body)
}

// libpodSpec converts the settings of a container from the types of Docker's API to
// those of Podman's.
func libpodSpec(name string, c *container.Config, h *container.HostConfig, p *ocispec.Platform) map[string]any {
	type object = map[string]any
	env := map[string]string{}
	for _, pair := range c.Env {
		key, value, _ := strings.Cut(pair, "=")
		env[key] = value
	}
	var ports, volumes, mounts, devices []object
	for inner, bindings := range h.PortBindings {
		for _, b := range bindings {
			outer, _ := strconv.Atoi(b.HostPort) // dockerSpec wrote a number, or nothing for any
			ports = append(ports, object{"container_port": inner.Int(), "host_port": outer, "host_ip": b.HostIP, "protocol": inner.Proto()})
		}
	}
	for _, m := range h.Mounts {
		options := []string{"rw"}
		if m.ReadOnly {
			options[0] = "ro"
		}
		if m.Type == mount.TypeVolume {
			volumes = append(volumes, object{"Name": m.Source, "Dest": m.Target, "Options": options})
		} else {
			mounts = append(mounts, object{"type": "bind", "source": m.Source, "destination": m.Target, "options": append(options, "rbind")})
		}
	}
	for _, request := range h.DeviceRequests {
		for _, device := range request.DeviceIDs {
			devices = append(devices, object{"path": device})
		}
	}
	limits := object{}
	if h.Memory > 0 {
		limits["memory"] = object{"limit": h.Memory}
	}
	if h.NanoCPUs > 0 {
		const period = 100_000 // microseconds
		limits["cpu"] = object{"period": period, "quota": h.NanoCPUs * period / 1e9}
	}
	spec := object{
		"name": name, "hostname": c.Hostname, "image": c.Image, "command": c.Cmd, "labels": c.Labels, "env": env,
		"portmappings": ports, "volumes": volumes, "mounts": mounts, "devices": devices, "resource_limits": limits,
	}
	if mode, value, found := strings.Cut(string(h.UsernsMode), ":"); found {
		spec["userns"] = object{"nsmode": mode, "value": value}
	}
	if c.User != "" {
		spec["user"] = c.User
	}
	if c.WorkingDir != "" {
		spec["work_dir"] = c.WorkingDir
	}
	if h.ShmSize > 0 {
		spec["shm_size"] = h.ShmSize
	}
	if len(c.Entrypoint) > 0 {
		spec["entrypoint"] = c.Entrypoint
	}
	if p != nil {
		spec["image_os"], spec["image_arch"], spec["image_variant"] = p.OS, p.Architecture, p.Variant
	}
	return spec
}
