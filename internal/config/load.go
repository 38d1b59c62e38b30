package config

import (
	"errors"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/i18n"

	"github.com/distribution/reference"
)

// Flags are the values of the command line flags that were given, by the keys of
// their settings, such as "port".
type Flags map[string]string

// With returns the flags and one more.
func (f Flags) With(key, value string) Flags {
	with := Flags{key: value}
	for other, v := range f {
		if other != key {
			with[other] = v
		}
	}
	return with
}

// Sources are where settings come from, the first that has one wins: a flag,
// the environment, the file, the default. [Reference] tells which settings have
// a flag and a variable of the environment.
type Sources struct {
	Flags Flags
	// Env reads the environment, as [os.LookupEnv] does.
	Env func(string) (string, bool)
	// File is the path of the settings file, which need not exist.
	// An env_file with a relative path is relative to its directory.
	File string
}

// Settings are what the program runs with.
type Settings struct {
	// Profile is the chosen profile.
	Profile Profile
	// Profiles are all of them by name, as the file and the built-ins have
	// them.
	Profiles map[string]Profile
	// Preferences are those of the program itself.
	Preferences Preferences
}

// Equal reports whether two settings are the same in everything.
func (s Settings) Equal(t Settings) bool {
	return s.Profile.Equal(t.Profile) && maps.EqualFunc(s.Profiles, t.Profiles, Profile.Equal) && s.Preferences == t.Preferences
}

// Error tells what is wrong with a setting, and where it is.
type Error struct {
	// File and Line tell where in the settings file it is; File is empty for
	// flags and the environment, Line is 0 where it is about the whole file.
	File string
	Line int
	// Key is the key in the file such as "profiles.jupyter.port", the flag
	// such as "--port", or the variable such as "COLAB_TRAY_PORT".
	Key string
	// Short says what is wrong, Hint what would be right.
	Short, Hint string
	// Command can be run in a terminal to repair it; empty for none.
	Command string
}

// Error returns all of it but the command in one line.
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

// Load puts the settings together. Its error is an *[Error].
func Load(from Sources) (Settings, error) {
	content, err := readFile(from.File)
	if err != nil {
		return Settings{}, err
	}
	return content.settings(from)
}

// settings puts together what the file and the other sources say.
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

// choose picks the profile, and lets flags and environment change it. It notes
// with all of them which flags choose them in a terminal.
func (f *file) choose(from Sources, profiles map[string]Profile) (Profile, error) {
	usual := Settings{Profile: Profile{Name: DefaultProfile}}
	if err := readSettings(&reader{file: f}, fileTable.settings, location{}, f.root.stated, &usual); err != nil {
		return Profile{}, err
	}
	name := usual.Profile.Name
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

// overridden returns the profile as flags and environment change it.
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
		// A variable of the environment is there for the next command, too.
		if _, isFlag := from.Flags[s.key]; isFlag && s.inCommands && !p.Equal(before) {
			p.flags = append(slices.Clip(p.flags), s.flag(), text)
		}
	}
	return p, nil
}

// readOverride takes over the text of a flag or a variable of the environment, or
// tells what is wrong with it.
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

// profileOfRuntime returns the profile whose runtime has a name, or else the usual one:
// nobody who names a runtime of theirs wants that made anew from the settings of
// another one.
func profileOfRuntime(profiles map[string]Profile, runtime, usual string) string {
	if profiles[usual].Runtime == runtime {
		return usual
	}
	for _, name := range slices.Sorted(maps.Keys(profiles)) {
		if profiles[name].Runtime == runtime {
			return name
		}
	}
	return usual
}

// override returns what a flag or the environment says of a setting, and what
// that flag or variable is called. An empty variable is as good as none.
func (from Sources) override(key string) (value, source string, given bool) {
	s, has := overridable[key]
	if !has {
		return "", "", false
	}
	if value, given := from.Flags[key]; given {
		return value, s.flag(), true
	}
	if from.Env == nil {
		return "", "", false
	}
	value, given = from.Env(s.variable())
	return value, s.variable(), given && value != ""
}

// overridable are the settings that have a flag and a variable of the
// environment, by their keys.
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

// asText takes the text of a flag as it is.
func asText(text string) (v any, short, hint string) { return text, "", "" }

// asPort makes a number of the text of a flag.
func asPort(text string) (v any, short, hint string) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return nil, i18n.T("config.noPort", "port", i18n.Escaped(text)), i18n.T("config.portHint")
	}
	return n, "", ""
}

// containerName is what engines take as the name of a container; as it is the
// hostname as well it has to end at 63 characters.
var containerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$`)

func checkName(s string) (short, hint string) {
	if containerName.MatchString(s) {
		return "", ""
	}
	return i18n.T("config.noName", "name", i18n.Escaped(s)), i18n.T("config.nameHint")
}

func checkImage(s string) (short, hint string) {
	if _, err := reference.ParseNormalizedNamed(s); err == nil {
		return "", ""
	}
	return i18n.T("config.noImage", "name", i18n.Escaped(s)), i18n.T("config.imageHint", "example", DefaultImage+":latest")
}

func checkPort(n int64) (short, hint string) {
	if n >= 1 && n <= 65535 {
		return "", ""
	}
	return i18n.T("config.outOfRange", "value", n), i18n.T("config.portHint")
}

func checkKind(s string) (short, hint string) {
	if k := Kind(s); k == KindJupyter || k == KindColab {
		return "", ""
	}
	return i18n.T("config.noKind", "kind", i18n.Escaped(s)), i18n.T("config.kindHint")
}
