package config

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/distribution/reference"

	"colabtray/internal/words"
)

// Flags are the values of command line flags; nil where a flag was not given.
type Flags struct {
	Profile, Name, Image, Port *string
}

// Sources are where settings come from, the first that has one wins: a flag,
// the environment (COLAB_TRAY_PROFILE, _NAME, _IMAGE, _PORT), the file, the
// default.
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
	return words.FullStop(where+e.Short) + " " + e.Hint
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
	for _, name := range slices.Sorted(maps.Keys(f.Profiles)) {
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
	name := DefaultProfile
	r := &reader{file: f}
	take(r, "profile", f.Profile, readText(anyText), &name)
	if r.err != nil {
		return Profile{}, r.err
	}
	if v, _, given := override(from, nil, "profile"); given {
		name = v
	}
	for other, p := range profiles {
		if other != name {
			p.flags = []string{"--profile", other}
			profiles[other] = p
		}
	}
	v, key, given := override(from, from.Flags.Profile, "profile")
	if given {
		name = v
	} else if runtime, _, named := override(from, from.Flags.Name, "name"); named {
		name = ofRuntime(profiles, runtime, name)
	}
	p, known := profiles[name]
	if !known {
		short := words.Say("config.noProfile", "name", words.Escaped(name))
		hint := words.Say("config.profiles", "names", strings.Join(slices.Sorted(maps.Keys(profiles)), ", "))
		if given {
			return p, &Error{Key: key, Short: short, Hint: hint}
		}
		return p, f.wrong(at("profile"), short, hint)
	}
	if v, key, given := override(from, from.Flags.Name, "name"); given {
		if short, hint := checkName(v); short != "" {
			return p, &Error{Key: key, Short: short, Hint: hint}
		}
		if p.Runtime != v {
			p.flags = flagged(p.flags, "--name", from.Flags.Name)
		}
		p.Runtime = v
	}
	if v, key, given := override(from, from.Flags.Image, "image"); given {
		if short, hint := checkImage(v); short != "" {
			return p, &Error{Key: key, Short: short, Hint: hint}
		}
		p.Image = v
		p.flags = flagged(p.flags, "--image", from.Flags.Image)
		if t := f.Profiles[name]; t == nil || t.Kind == nil {
			p.Kind = KindOf(v)
		}
		if _, short, hint := p.unsuited(); short != "" {
			return p, &Error{Key: key, Short: words.Say("config.unsuited", "profile", name, "why", short), Hint: hint}
		}
	}
	if v, key, given := override(from, from.Flags.Port, "port"); given {
		n, err := strconv.ParseInt(v, 10, 64)
		short, _ := checkPort(n)
		if err != nil {
			short = words.Say("config.noPort", "port", words.Escaped(v))
		}
		if err != nil || short != "" {
			return p, &Error{Key: key, Short: short, Hint: words.Say("config.portHint")}
		}
		p.Port = int(n)
	}
	return p, nil
}

// ofRuntime returns the profile whose runtime has a name, or else the usual one:
// nobody who names a runtime of theirs wants that made anew from the settings of
// another one.
func ofRuntime(profiles map[string]Profile, runtime, usual string) string {
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

// flagged adds a flag that was given; a variable of the environment is there for
// the next command, too.
func flagged(flags []string, flag string, value *string) []string {
	if value == nil {
		return flags
	}
	return append(slices.Clip(flags), flag, *value)
}

// override returns what a flag or the environment says, and what it is called.
// An empty variable is as good as none.
func override(from Sources, flag *string, name string) (value, key string, given bool) {
	if flag != nil {
		return *flag, "--" + name, true
	}
	variable := "COLAB_TRAY_" + strings.ToUpper(name)
	if from.Env == nil {
		return "", "", false
	}
	value, given = from.Env(variable)
	return value, variable, given && value != ""
}

// containerName is what engines take as the name of a container; as it is the
// hostname as well it has to end at 63 characters.
var containerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$`)

func checkName(s string) (short, hint string) {
	if containerName.MatchString(s) {
		return "", ""
	}
	return words.Say("config.noName", "name", words.Escaped(s)), words.Say("config.nameHint")
}

func checkImage(s string) (short, hint string) {
	if _, err := reference.ParseNormalizedNamed(s); err == nil {
		return "", ""
	}
	return words.Say("config.noImage", "name", words.Escaped(s)), words.Say("config.imageHint", "example", DefaultImage+":latest")
}

func checkPort(n int64) (short, hint string) {
	if n >= 1 && n <= 65535 {
		return "", ""
	}
	return words.Say("config.outOfRange", "value", n), words.Say("config.portHint")
}

func checkKind(s string) (short, hint string) {
	if k := Kind(s); k == KindJupyter || k == KindColab {
		return "", ""
	}
	return words.Say("config.noKind", "kind", words.Escaped(s)), words.Say("config.kindHint")
}
