package cli

import (
	"context"
	"errors"
	"maps"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/internal/runtime"
)

// Settings are the settings in force of all profiles. They can follow the settings
// file. What was given at the program's start, by flags and environment, keeps winning
// over the file: the name, image and port are those of the profile that was chosen then.
type Settings struct {
	from    config.Sources
	changed chan struct{}

	mu          sync.Mutex
	profiles    map[string]config.Profile
	chosen      string // by the file, or at the program's start
	home        string // the profile chosen at the program's start; empty while none could be
	preferences config.Preferences
	broken      *config.Error // the file is, so that these are those without it
}

// readSettings reads the settings. Where the file is broken they are those
// without it, and say so.
func (in *invocation) readSettings() (*Settings, error) {
	s := &Settings{from: in.sources(), changed: make(chan struct{}, 1)}
	now, err := config.Load(s.fromFile())
	if err == nil {
		return s, s.apply(now)
	}
	var wrong *config.Error
	if !errors.As(err, &wrong) || wrong.File == "" {
		return nil, err
	}
	without := s.from
	without.File = ""
	now, withoutErr := config.Load(without)
	if withoutErr != nil {
		return nil, err
	}
	now.Profiles[now.Profile.Name] = now.Profile
	s.profiles, s.chosen, s.preferences = now.Profiles, now.Profile.Name, now.Preferences
	s.broken = wrong
	return s, nil
}

// fromFile are the sources without what flags and environment say of a single
// profile.
func (s *Settings) fromFile() config.Sources {
	from := s.from
	from.Flags = nil
	if profile, given := s.from.Flags["profile"]; given {
		from.Flags = from.Flags.With("profile", profile)
	}
	from.Env = func(name string) (string, bool) {
		if name != "COLAB_TRAY_PROFILE" || s.from.Env == nil {
			return "", false
		}
		return s.from.Env(name)
	}
	return from
}

// apply takes in what the file says now.
func (s *Settings) apply(now config.Settings) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	home := s.home
	if home == "" {
		home = now.Profile.Name
	}
	profiles := maps.Clone(now.Profiles)
	if _, there := profiles[home]; there {
		from := s.from
		from.Flags = from.Flags.With("profile", home)
		given, err := config.Load(from)
		if err != nil {
			return err
		}
		profiles[home] = given.Profile
	}
	s.home, s.profiles, s.chosen, s.preferences, s.broken = home, profiles, now.Profile.Name, now.Preferences, nil
	return nil
}

// Follow lets the fleet follow the settings until ctx ends.
func (s *Settings) Follow(ctx context.Context, f *runtime.Fleet) {
	for change := range config.Watch(ctx, s.fromFile()) {
		s.mu.Lock()
		chosen := s.chosen
		s.mu.Unlock()
		wrong := change.Err
		if wrong == nil {
			useLanguage(change.Settings.Preferences.Language, s.from.Env)
			errors.As(s.apply(change.Settings), &wrong)
		}
		if wrong != nil {
			f.Broken(settingsProblem(wrong))
			continue
		}
		f.Update(s.profiles)
		f.TellNewerImages(s.preferences.NewerImage)
		if s.chosen != chosen { // by whoever wrote the file; the menu has done so already
			_ = f.Select(s.chosen)
		}
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// Chosen returns the name of the profile that was chosen, by the file or at the
// program's start.
func (s *Settings) Chosen() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.chosen
}

// overrides returns the settings of a profile that were given at the program's start.
func (s *Settings) overrides(profile string) map[config.Place]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if profile != s.home {
		return nil
	}
	return s.from.Overrides()
}

// File returns the path of the settings file.
func (s *Settings) File() string { return s.from.File }

// Changed gets something whenever other settings are in force.
func (s *Settings) Changed() <-chan struct{} { return s.changed }

// Current returns what is in force: the preferences, and the profiles by name.
func (s *Settings) Current() (config.Preferences, map[string]config.Profile) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.preferences, s.profiles
}

// Save remembers a choice in the settings file.
func (s *Settings) Save(key []string, value any) error { return saveSetting(s.from.File, key, value) }

// Edit opens the settings file, and makes it when there is none.
func (s *Settings) Edit(ctx context.Context, open func(ctx context.Context, path string) error) error {
	return editSettings(ctx, s.from.File, open)
}

func editSettings(ctx context.Context, file string, open func(ctx context.Context, path string) error) error {
	var exists *config.ExistsError
	if err := config.WriteDefault(file); err != nil && !errors.As(err, &exists) {
		return err
	}
	return open(ctx, file)
}

func saveSetting(file string, key []string, value any) error {
	if err := config.Set(file, key, value); err != nil {
		return notChanged(err)
	}
	return nil
}

// notChanged tells a person why the settings file could not be changed.
func notChanged(err error) *problem.Problem {
	p := &problem.Problem{Code: problem.Settings, Short: i18n.T("cli.settingsNotChanged"), Hint: i18n.Error(err), Err: err}
	var wrong *config.Error
	if errors.As(err, &wrong) {
		p.Hint = errorText(wrong)
	}
	return p
}

// settingsProblem tells a person what is wrong with the settings.
func settingsProblem(wrong *config.Error) *problem.Problem {
	p := &problem.Problem{
		Code:    problem.Settings,
		Short:   i18n.T("cli.settingsWrong"),
		Hint:    errorText(wrong),
		Command: "colab-tray config check",
		Err:     wrong,
	}
	if wrong.Command != "" {
		p.Command = wrong.Command
	}
	switch {
	case wrong.Line > 0:
		p.Short = i18n.T("cli.settingsWrongLine", "line", wrong.Line)
	case wrong.File != "":
		p.Short = i18n.T("cli.settingsWrongFile")
	}
	return p
}

// errorText leaves out where the file is.
func errorText(wrong *config.Error) string {
	text := wrong.Short
	if wrong.Key != "" {
		text = wrong.Key + ": " + text
	}
	return i18n.Sentences(text, wrong.Hint)
}
