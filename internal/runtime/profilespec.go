package runtime

import (
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

// specOf tells what the container of a profile is made from.
func specOf(p config.Profile, server Server) engine.Spec {
	s := engine.Spec{
		Name:      p.Runtime,
		Hostname:  p.Runtime,
		Image:     p.Image,
		Platform:  p.Platform,
		InnerPort: p.Kind.Port(),
		Port:      p.Port,
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
	if p.User == config.UserRoot {
		s.User, s.Env = "0:0", homeHandover(p)
	}
	if p.Kind == config.KindJupyter {
		// A command of the profile's own is started by our script, so that the
		// settings are in force all the same.
		s.Cmd = append(server.Cmd[:len(server.Cmd):len(server.Cmd)], p.Command...)
	}
	s.Labels = map[string]string{engine.LabelRuntime: p.Runtime, engine.LabelProfile: p.Name, engine.LabelSettings: s.Hash()}
	return s
}

// homeHandover adds what makes images of docker-stacks give the home directory to
// their user (https://jupyter-docker-stacks.readthedocs.io/en/latest/using/common.html),
// unless the profile says otherwise. Where folders of the host are in it, what is
// below it stays as it is: they would be given away with it.
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
