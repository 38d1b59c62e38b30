package config

import (
	"errors"
	"maps"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/i18n"
)

// Flags are the values of the flags on the command line, by the key of the setting,
// such as "port".
type Flags map[string]string

// With returns a copy of the flags with one flag added or replaced.
func (f Flags) With(key, value string) Flags {
	with := Flags{key: value}
	for other, v := range f {
		if other != key {
			with[other] = v
		}
	}
	return with
}

// Add returns a copy of the flags with one more value of a flag that can be repeated.
func (f Flags) Add(key, value string) Flags {
	if before, given := f[key]; given {
		value = before + flagSeparator + value
	}
	return f.With(key, value)
}

// Sources are the sources of settings. A flag overrides the environment, which
// overrides the file, which overrides the default. [Reference] lists which settings
// have a flag and an environment variable.
type Sources struct {
	Flags Flags
	// Env reads the environment, as [os.LookupEnv] does.
	Env func(string) (string, bool)
	// File is the path of the settings file, which need not exist. The path of an
	// env_file is relative to the directory of the settings file.
	File string
}

// Settings are the settings in force.
type Settings struct {
	// Profile is the chosen profile.
	Profile Profile
	// Profiles are all profiles by name, from the file and the built-in ones,
	// without flags and environment.
	Profiles map[string]Profile
	// Preferences are the settings of the program itself.
	Preferences Preferences
}

// Equal reports whether s and t are the same in every setting.
func (s Settings) Equal(t Settings) bool {
	return s.Profile.Equal(t.Profile) && maps.EqualFunc(s.Profiles, t.Profiles, Profile.Equal) && s.Preferences == t.Preferences
}

// Error tells why a setting is invalid, and where the setting is.
type Error struct {
	// File and Line are the position in the settings file, Line from 1. File is
	// empty for flags and the environment. Line is 0 for the whole file.
	File string
	Line int
	// Key is the key in the file, such as "profiles.jupyter.port", the flag, such
	// as "--port", or the environment variable, such as "COLAB_TRAY_PORT".
	Key string
	// Short tells what is wrong. Hint tells what would be valid, and can be empty.
	Short, Hint string
	// Command repairs it in a terminal; empty if there is no such command.
	Command string
}

// Error returns the position, Short and Hint in one line.
func (e *Error) Error() string {
	var where string
	if e.File != "" {
		where = e.File + ":"
		if e.Line > 0 {
			where += strconv.Itoa(e.Line) + ":"
		}
		where += " "
	}
	if e.Key != "" {
		where += e.Key + ": "
	}
	if e.Hint == "" {
		return where + e.Short
	}
	return i18n.FullStop(where+e.Short) + " " + e.Hint
}

// IsFlag reports whether the error is about a flag of the command line.
func (e *Error) IsFlag() bool { return strings.HasPrefix(e.Key, "--") }

// Load reads the settings from their sources. Its error is an *[Error].
func Load(from Sources) (Settings, error) {
	content, err := readFile(from.File)
	if err != nil {
		return Settings{}, err
	}
	return content.settings(from)
}

// settings merges the file with the other sources.
func (f *file) settings(from Sources) (Settings, error) {
	s := Settings{Profiles: BuiltIn()}
	for _, name := range f.profiles() {
		base, builtIn := s.Profiles[name]
		if !builtIn {
			base = Default()
			base.Name, base.Runtime = name, "local-"+name+"-runtime"
		}
		p, err := f.apply(from, base)
		if err != nil {
			return Settings{}, err
		}
		s.Profiles[name] = p
	}
	var err error
	if s.Preferences, err = f.readPreferences(); err != nil {
		return Settings{}, err
	}
	if s.Profile, err = f.choose(from, s.Profiles); err != nil {
		return Settings{}, err
	}
	return s, nil
}

// choose selects the profile and applies flags and environment to it. It also notes
// in each profile which flags select the profile in a terminal.
func (f *file) choose(from Sources, profiles map[string]Profile) (Profile, error) {
	defaults := Settings{Profile: Profile{Name: DefaultProfile}}
	if err := readSettings(&reader{file: f}, fileTable.settings, location{}, f.root.stated, &defaults); err != nil {
		return Profile{}, err
	}
	name := defaults.Profile.Name
	if v, _, given := (Sources{Env: from.Env}).override("profile"); given {
		name = v
	}
	for other, p := range profiles {
		if other != name {
			p.flags = []string{"--profile", other}
			profiles[other] = p
		}
	}
	v, key, given := from.override("profile")
	if given {
		name = v
	} else if runtime, _, named := from.override("name"); named {
		name = profileOfRuntime(profiles, runtime, name)
	}
	p, known := profiles[name]
	if !known {
		short := i18n.T("config.noProfile", "name", i18n.Escaped(name))
		hint := i18n.T("config.profiles", "names", strings.Join(slices.Sorted(maps.Keys(profiles)), ", "))
		if given {
			return p, &Error{Key: key, Short: short, Hint: hint}
		}
		return p, f.wrong(at("profile"), short, hint)
	}
	return f.overridden(from, p)
}

// overridden returns the profile with flags and environment applied.
func (f *file) overridden(from Sources, p Profile) (Profile, error) {
	for _, s := range profileTable.settings {
		text, source, given := from.override(s.key)
		if !given {
			continue
		}
		changed := Settings{Profile: p}
		if short, hint := s.readOverride(text, &changed); short != "" {
			return p, &Error{Key: source, Short: short, Hint: hint}
		}
		before := p
		p = f.withKind(changed.Profile)
		if _, short, hint := p.kindConflict(); short != "" {
			return p, &Error{Key: source, Short: i18n.T("config.unsuited", "profile", p.Name, "why", short), Hint: hint}
		}
		// Only a flag must be repeated: the next command sees the same environment.
		if _, isFlag := from.Flags[s.key]; isFlag && s.inCommands && !p.Equal(before) {
			p.flags = append(slices.Clip(p.flags), s.flag(), text)
		}
	}
	return p, nil
}

// readOverride stores the value of a flag or an environment variable, or tells why
// the value is invalid.
func (s setting[T]) readOverride(text string, to *T) (short, hint string) {
	v, short, hint := s.fromText(text)
	if short != "" {
		return short, hint
	}
	var wrong *Error
	if errors.As(s.read(&reader{file: &file{root: &node{}}}, at(s.key), v, to), &wrong) {
		return wrong.Short, wrong.Hint
	}
	return "", ""
}

// profileOfRuntime returns the profile whose runtime has the given name, so that
// the runtime is not recreated with the settings of another profile. It prefers the
// profile preferred, and returns preferred if there is no such profile.
func profileOfRuntime(profiles map[string]Profile, runtime, preferred string) string {
	if profiles[preferred].Runtime == runtime {
		return preferred
	}
	for _, name := range slices.Sorted(maps.Keys(profiles)) {
		if profiles[name].Runtime == runtime {
			return name
		}
	}
	return preferred
}

// override returns the value that a flag or the environment gives a setting, and the
// name of that flag or variable. An empty variable counts as not set.
func (from Sources) override(key string) (value, source string, given bool) {
	s, has := overridable[key]
	if !has {
		return "", "", false
	}
	if value, given := from.Flags[key]; given {
		return value, s.flag(), true
	}
	if from.Env == nil || s.variable() == "" {
		return "", "", false
	}
	value, given = from.Env(s.variable())
	return value, s.variable(), given && value != ""
}

// Overrides returns the settings whose value in the file is not in force for the chosen
// profile, with the flag or the environment variable that gives another one.
func (from Sources) Overrides() map[Place]string {
	overrides := map[Place]string{}
	for _, t := range tables {
		for _, s := range t.settings {
			if _, source, given := from.override(s.key); given {
				overrides[Place(t.id+"."+s.key)] = source
			}
		}
	}
	return overrides
}

// overridable has the settings with a flag and an environment variable, by key.
var overridable = func() map[string]setting[Settings] {
	all := map[string]setting[Settings]{}
	for _, t := range tables {
		for _, s := range t.settings {
			if s.fromText != nil {
				all[s.key] = s
			}
		}
	}
	return all
}()

// asText returns the text of a flag unchanged.
func asText(text string) (v any, short, hint string) { return text, "", "" }

// asPort parses the text of a flag as a port.
func asPort(text string) (v any, short, hint string) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, i18n.T("config.noPort", "port", i18n.Escaped(text)), i18n.T("config.portHint")
	}
	return n, "", ""
}
