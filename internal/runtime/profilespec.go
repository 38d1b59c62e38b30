package runtime

import (
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

// specOf returns the spec of a profile's container on an engine, without its mounts: see
// setMounts.
func specOf(p config.Profile, server Server, e engine.Info) engine.Spec {
	s := engine.Spec{
		Name:      p.Runtime,
		Hostname:  p.Runtime,
		Image:     p.Image,
		Platform:  p.Platform,
		InnerPort: p.Kind.Port(),
		Port:      p.Port,
		Gateway:   p.Wake || e.Forwarded,
		Publish:   p.Ports,
		Volume:    p.Volume(),
		DataDir:   p.Kind.DataDir(),
		Cmd:       p.Command,
		Folders:   p.Folders,
		Env:       p.Env,
		Memory:    p.Memory,
		CPUs:      p.CPUs,
		ShmSize:   p.ShmSize,
		GPU:       p.GPU,
		User:      p.User,
	}
	if p.OnCluster() {
		s.Cluster = p.Cluster
	}
	if e.Forwarded { // the program listens at the profile's ports
		s.Publish = slices.Clone(p.Ports)
		for i := range s.Publish {
			s.Publish[i].Host = 0
		}
	}
	if p.User == config.UserRoot {
		s.User, s.Env = "0:0", homeHandover(p)
	}
	if p.Kind == config.KindJupyter {
		// Our start script starts the profile's command as well, so that our settings
		// are in force.
		s.Cmd = append(server.Cmd[:len(server.Cmd):len(server.Cmd)], p.Command...)
	}
	s.Labels = map[string]string{
		engine.LabelRuntime: p.Runtime, engine.LabelProfile: p.Name, engine.LabelSettings: s.Hash(), engine.LabelGateway: "none",
	}
	if s.Gateway {
		s.Labels[engine.LabelGateway] = strconv.Itoa(p.Port)
	}
	return s
}

// homeHandover returns the profile's environment with the variables by which an image
// of docker-stacks gives the home directory to its user
// (https://jupyter-docker-stacks.readthedocs.io/en/latest/using/common.html).
// Variables of the profile override them. If a folder of the host is mounted inside
// the home directory, the change is not recursive: it would change the owner of the
// host's files.
func homeHandover(p config.Profile) []config.Variable {
	env := slices.Clone(p.Env)
	add := func(name, value string) {
		if !slices.ContainsFunc(env, func(v config.Variable) bool { return v.Name == name }) {
			env = append(env, config.Variable{Name: name, Value: secret.New(value)})
		}
	}
	add("CHOWN_HOME", "yes")
	if !slices.ContainsFunc(p.Folders, func(f config.Folder) bool { return strings.HasPrefix(f.Path, p.Kind.DataDir()+"/") }) {
		add("CHOWN_HOME_OPTS", "-R")
	}
	return env
}
