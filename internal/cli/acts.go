package cli

import (
	"context"
	"os/exec"

	"colabtray/internal/data"
	"colabtray/internal/desktop"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/install"
	"colabtray/internal/problem"
)

// acts has the functions of the acts that a session can carry out. The others are
// the matter of who offers them: the menu opens the logs, the page copies a command.
var acts = map[problem.ActName]func(ctx context.Context, s *Session, a problem.Act) error{
	problem.ActStart:    func(ctx context.Context, s *Session, _ problem.Act) error { return s.Runtime.Start(ctx) },
	problem.ActContinue: func(ctx context.Context, s *Session, _ problem.Act) error { return s.Runtime.Start(ctx) },
	problem.ActRestart:  func(ctx context.Context, s *Session, _ problem.Act) error { return s.Runtime.Restart(ctx) },
	problem.ActRepair:   func(ctx context.Context, s *Session, _ problem.Act) error { return s.Runtime.Repair(ctx) },
	problem.ActUpdate:   func(ctx context.Context, s *Session, _ problem.Act) error { return s.Runtime.Update(ctx) },
	problem.ActStartWithoutGPU: func(ctx context.Context, s *Session, _ problem.Act) error {
		return s.Runtime.StartWithoutGPU(ctx)
	},
	problem.ActKeepRunning: func(_ context.Context, s *Session, _ problem.Act) error {
		s.Runtime.KeepRunning()
		return nil
	},
	problem.ActUsePort: usePort,
	problem.ActStartDesktop: func(ctx context.Context, _ *Session, _ problem.Act) error {
		return startEngine(ctx, install.StartDesktop())
	},
	problem.ActInstallDesktop: func(ctx context.Context, _ *Session, _ problem.Act) error {
		command := install.InstallDesktop()
		if command == nil {
			return engine.ErrLacks
		}
		// cmd /k leaves the window open for what winget has to say.
		return desktop.OpenTerminal(ctx, append([]string{"cmd", "/k"}, command...)...)
	},
	problem.ActUsePodman: usePodman,
	problem.ActEditSettings: func(ctx context.Context, s *Session, _ problem.Act) error {
		return editSettings(ctx, s.settingsFile, desktop.OpenText)
	},
	problem.ActUndoDelete: func(ctx context.Context, s *Session, _ problem.Act) error {
		_, err := s.Runtime.Restore(ctx, data.RestoreOptions{})
		return err
	},
}

// CanAct reports whether [Session.Act] can carry out an act.
func CanAct(a problem.Act) bool { return acts[a.Name] != nil }

// Act carries out an act for the session's runtime. Nothing happens for an act that
// [CanAct] does not have.
func (s *Session) Act(ctx context.Context, a problem.Act) error {
	if !CanAct(a) {
		return nil
	}
	return acts[a.Name](ctx, s, a)
}

// usePort starts the runtime with another port, and keeps the port in the settings.
func usePort(ctx context.Context, s *Session, a problem.Act) error {
	profile := s.Runtime.Profile()
	if err := saveSetting(s.settingsFile, []string{"profiles", profile.Name, "port"}, a.Port); err != nil {
		return err
	}
	profile.Port = a.Port
	s.Runtime.SetProfile(profile)
	if s.Runtime.Snapshot().Container == "" {
		return s.Runtime.Start(ctx)
	}
	return s.Runtime.Restart(ctx) // makes the container anew
}

// usePodman starts the person's own Podman. Where it would not be found, it becomes the
// engine of the profile.
func usePodman(ctx context.Context, s *Session, _ problem.Act) error {
	now := s.Runtime.Snapshot()
	if err := startEngine(ctx, install.StartPodman()); err != nil {
		return err
	}
	address := install.PodmanAddress()
	if address == "" || now.Problem == nil || now.Problem.Code != problem.NoEngine || !now.Engine.HidesOthers() {
		return nil
	}
	return s.keepEngine(address)
}

// keepEngine makes the engine at an address the one of the profile, in the settings.
func (s *Session) keepEngine(address string) error {
	if err := saveSetting(s.settingsFile, []string{"profiles", s.Runtime.Profile().Name, "engine"}, address); err != nil {
		return err
	}
	if s.reload == nil { // somebody follows the file
		return nil
	}
	return &problem.Problem{Code: problem.Settings, Short: i18n.T("problem.engineKept"), Hint: i18n.T("problem.engineKeptHint", "host", address)}
}

// startEngine runs a command that starts an engine. That the engine answers is seen
// from its state.
func startEngine(ctx context.Context, command []string) error {
	if command == nil {
		return engine.ErrLacks
	}
	if command[0] != "systemctl" && command[0] != "open" && command[0] != "podman" {
		return exec.Command(command[0], command[1:]...).Start() // a program that stays, whatever becomes of ctx
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return &problem.Problem{
			Code:  problem.EngineFailed,
			Short: i18n.T("problem.engineNotStarted"),
			Hint:  i18n.Line(string(out)),
			Err:   err,
		}
	}
	return nil
}
