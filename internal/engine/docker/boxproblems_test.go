package docker

import (
	"errors"
	"strings"
	"testing"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/problem"
	"colabtray/internal/tunnel"
)

// TestBoxProblems: each failure of ssh is told by its cause, with the command that helps,
// and what ssh said cannot pass for text of ours.
func TestBoxProblems(t *testing.T) {
	type told struct {
		code    problem.Code
		command string
	}
	box, err := tunnel.ParseDestination("ssh://me@gpubox:2222")
	if err != nil {
		t.Fatal(err)
	}
	for kind, want := range map[tunnel.Kind]told{
		tunnel.HostKeyUnknown:      {problem.SSHHostUnknown, "ssh -p 2222 me@gpubox"},
		tunnel.HostKeyChanged:      {problem.SSHHostChanged, "ssh-keygen -R '[gpubox]:2222'"},
		tunnel.PermissionDenied:    {problem.SSHLogin, "ssh -p 2222 me@gpubox"},
		tunnel.PromptWanted:        {problem.SSHLogin, "ssh-copy-id -p 2222 me@gpubox"},
		tunnel.NameUnknown:         {problem.SSHUnreachable, "ssh -p 2222 me@gpubox"},
		tunnel.Refused:             {problem.SSHUnreachable, "ssh -p 2222 me@gpubox"},
		tunnel.NoRoute:             {problem.SSHUnreachable, "ssh -p 2222 me@gpubox"},
		tunnel.TimedOut:            {problem.SSHUnreachable, "ssh -p 2222 me@gpubox"},
		tunnel.ForwardingForbidden: {problem.SSHForwarding, "ssh -p 2222 me@gpubox docker version"},
		tunnel.SessionRefused:      {problem.SSHFailed, "ssh -p 2222 me@gpubox"},
		tunnel.NoSSH:               {problem.NoSSH, ""},
		tunnel.NoCommand:           {problem.NoEngineThere, "ssh -p 2222 me@gpubox docker version"},
		tunnel.SocketMissing:       {problem.NoEngineThere, "ssh -p 2222 me@gpubox docker version"},
		tunnel.SocketDenied:        {problem.DeniedThere, "ssh -t -p 2222 me@gpubox 'sudo usermod -aG docker $USER'"},
		tunnel.Other:               {problem.SSHFailed, "ssh -p 2222 me@gpubox"},
	} {
		err := engineError(&tunnel.Error{Kind: kind, Destination: box, Text: "words of ssh"})
		var p *problem.Problem
		if !errors.Is(err, engine.ErrUnreachable) || !errors.As(err, &p) {
			t.Errorf("%v: the error is %v", kind, err)
			continue
		}
		if got := (told{p.Code, p.Command}); got != want || p.Hint == "" || p.Err == nil {
			t.Errorf("%v: got %+v with %q", kind, got, p.Hint)
		}
		if shown := engine.ConnectProblem(engine.Info{}, err); shown != p {
			t.Errorf("%v: it is told as %+v", kind, shown)
		}
	}
	p := boxProblem(&tunnel.Error{Destination: box, Text: "\x1b[31mone\ntwo"})
	if !strings.HasPrefix(p.Hint, "ssh said: one two. ") {
		t.Errorf("the hint is %q", p.Hint)
	}
	for address, want := range map[string]string{"ssh://gpubox": "gpubox", "ssh://me@gpubox:22/x.sock": "gpubox", "ssh://[::1]": "::1", "ssh://[::1]:9": "[::1]:9"} {
		box, err := tunnel.ParseDestination(address)
		if got := knownAs(box); err != nil || got != want {
			t.Errorf("%s is known as %q, %v", address, got, err)
		}
	}
}

// TestTooFar: an engine on another machine that is not reached over ssh is refused
// without a request to it.
func TestTooFar(t *testing.T) {
	for address, command := range map[string]string{
		"tcp://192.0.2.1:2375":           "colab-tray start --engine ssh://192.0.2.1",
		"tcp://gpu_box.example:2376":     "colab-tray start --engine ssh://gpu_box.example",
		"tcp://[2001:db8::1]:2375":       "colab-tray start --engine '" + "ssh://[2001:db8::1]" + "'",
		"http://192.0.2.1:2375":          "colab-tray start --engine ssh://192.0.2.1",
		"tcp://127.0.0.1:2375":           "-",
		"tcp://localhost:2375":           "-",
		"tcp://[::1]:2375":               "-",
		"unix:///nowhere/docker.sock":    "-",
		"npipe:////./pipe/docker_engine": "-",
		"ssh://gpubox":                   "-",
	} {
		err := tooFar(endpoint{host: address, found: "DOCKER_HOST"})
		var p *problem.Problem
		if command == "-" {
			if err != nil {
				t.Errorf("%s: %v", address, err)
			}
			continue
		}
		if !errors.As(err, &p) || p.Code != problem.RemoteEngine || p.Command != command || !strings.HasPrefix(p.Hint, "DOCKER_HOST leads to "+address+". ") {
			t.Errorf("%s: %+v", address, p)
		}
	}
	e := Open("tcp://192.0.2.1:2375", nil) // an address for documentation, where nobody answers
	defer e.Close()
	var p *problem.Problem
	if info, err := e.Connect(t.Context()); !errors.As(err, &p) || p.Code != problem.RemoteEngine || !info.ChosenByUser() {
		t.Errorf("got %+v, %v", info, err)
	}
}

// TestGivenBySetting: an engine that a profile names and that is not there is no reason to
// install one.
func TestGivenBySetting(t *testing.T) {
	e := Open("unix:///nowhere/docker.sock", nil)
	defer e.Close()
	info, err := e.Connect(t.Context())
	p := engine.ConnectProblem(info, err)
	if p.Code != problem.NoEngine || p.Command != "colab-tray config edit" || len(p.Acts) != 1 || p.Acts[0].Name != problem.ActCopyCommand {
		t.Errorf("got %+v", p)
	}
}

// TestTyped is how a person talks to the engine of a box.
func TestTyped(t *testing.T) {
	p := endpoint{host: "ssh://me@gpubox:2222/run/user/1000/podman/podman.sock", found: engine.FoundInSetting}
	if got := p.cli(true); got != "ssh -p 2222 me@gpubox podman" {
		t.Errorf("Podman: %s", got)
	}
	if got, want := p.cli(false), "docker --host "+config.ShellWord(p.host); got != want {
		t.Errorf("Docker: %s", got)
	}
}
