package config

import (
	"slices"
	"strings"
	"time"
)

// setting is one key of the settings file, with all that the program has to know
// of it. A value of the setting goes into a T.
type setting[T any] struct {
	key string
	// read takes a value of the file over, or tells what is wrong with the value.
	read func(r *reader, at location, v any, to *T) error
	// show returns the value in force as TOML; nil for a setting whose value is
	// shown as part of another one.
	show func(from *T) string
	// fromText makes a value of the text that a flag or a variable of the
	// environment has; nil for a setting without these.
	fromText func(text string) (v any, short, hint string)

	// inCommands tells that commands which people are told to run have the flag.
	inCommands bool
	// unstated is where the value comes from that the file does not state; empty
	// for the default.
	unstated string
	// with is the key whose values are shown as part of this one.
	with string
}

// settingTable is one table of the settings file.
type settingTable struct {
	// id is what the names of the texts that explain its settings begin with.
	id string
	// path is where the table is in the file.
	path     []string
	settings []setting[Settings]
}

// anyProfile stands for the name of a profile in the path of a table.
const anyProfile = "NAME"

// fileTable is what the file has before any table.
var fileTable = settingTable{id: "file", settings: []setting[Settings]{
	value("profile", func(s *Settings) *string { return &s.Profile.Name }, readText(anyText)).orText(asText),
}}

// profileTable is the table of each profile.
var profileTable = settingTable{id: "profile", path: []string{"profiles", anyProfile}, settings: []setting[Settings]{
	value("name", func(s *Settings) *string { return &s.Profile.Runtime }, readText(checkName)).orText(asText).forCommands(),
	value("image", func(s *Settings) *string { return &s.Profile.Image }, readText(checkImage)).orText(asText).forCommands(),
	value("kind", func(s *Settings) *Kind { return &s.Profile.Kind }, readAs[Kind](checkKind)).orElse("as the image is"),
	value("port", func(s *Settings) *int { return &s.Profile.Port }, readPort).orText(asPort),
	value("gpu", func(s *Settings) *GPU { return &s.Profile.GPU }, readGPU),
	value("memory", func(s *Settings) *int64 { return &s.Profile.Memory }, readSize(minMemory)).shown(func(s *Settings) string { return encodeSize(s.Profile.Memory) }),
	value("cpus", func(s *Settings) *float64 { return &s.Profile.CPUs }, readCPUs),
	value("shm_size", func(s *Settings) *int64 { return &s.Profile.ShmSize }, readSize(minShmSize)).shown(func(s *Settings) string { return encodeSize(s.Profile.ShmSize) }),
	value("folders", func(s *Settings) *[]Folder { return &s.Profile.Folders }, readFolders),
	value("env", func(s *Settings) *[]Variable { return &s.Profile.Env }, readEnv).shown(showEnv).including("env_file"),
	{key: "env_file", read: addEnvFile},
	value("packages", func(s *Settings) *[]string { return &s.Profile.Packages }, readTexts(checkPackage)),
	value("command", func(s *Settings) *[]string { return &s.Profile.Command }, readTexts(checkArgument)),
	value("token", func(s *Settings) *TokenPolicy { return &s.Profile.Token }, readAs[TokenPolicy](checkToken)),
	value("idle_stop", func(s *Settings) *time.Duration { return &s.Profile.IdleStop }, readDuration(minIdleStop)),
	value("platform", func(s *Settings) *string { return &s.Profile.Platform }, readText(checkPlatform)),
	value("user", func(s *Settings) *string { return &s.Profile.User }, readUser),
}}

// preferencesTable has the settings of the program itself.
var preferencesTable = settingTable{id: "preferences", path: []string{"preferences"}, settings: []setting[Settings]{
	value("start_at_open", func(s *Settings) *bool { return &s.Preferences.StartAtOpen }, readBool),
	value("stop_on_quit", func(s *Settings) *bool { return &s.Preferences.StopOnQuit }, readBool),
	value("icon", func(s *Settings) *Icon { return &s.Preferences.Icon }, readChoice(icons)),
	value("language", func(s *Settings) *Language { return &s.Preferences.Language }, readChoice(languages)),
	value("clear_clipboard", func(s *Settings) *time.Duration { return &s.Preferences.ClearClipboard }, readDuration(minClear)),
}}

// notificationsTable tells what is announced.
var notificationsTable = settingTable{id: "notifications", path: []string{"preferences", "notifications"}, settings: []setting[Settings]{
	value("ready", func(s *Settings) *bool { return &s.Preferences.Notifications.Ready }, readBool),
	value("url_changed", func(s *Settings) *bool { return &s.Preferences.Notifications.URLChanged }, readBool),
	value("stopped", func(s *Settings) *bool { return &s.Preferences.Notifications.Stopped }, readBool),
	value("failed", func(s *Settings) *bool { return &s.Preferences.Notifications.Failed }, readBool),
	value("idle", func(s *Settings) *bool { return &s.Preferences.Notifications.Idle }, readBool),
	value("progress", func(s *Settings) *bool { return &s.Preferences.Notifications.Progress }, readBool),
}}

// tables are those of the settings file, in the order in which they are shown.
var tables = []settingTable{fileTable, profileTable, preferencesTable, notificationsTable}

// folderSettings are the keys of one of a profile's folders.
var folderSettings = []setting[Folder]{
	value("host", func(f *Folder) *string { return &f.Host }, readHostPath),
	value("path", func(f *Folder) *string { return &f.Path }, readContainerPath),
	value("read_only", func(f *Folder) *bool { return &f.ReadOnly }, readBool),
}

// value makes the setting of a field. The field is read by the given function,
// and shown as [encode] has it.
func value[T, V any](key string, field func(*T) *V, read func(*reader, location, any) (V, error)) setting[T] {
	return setting[T]{
		key: key,
		read: func(r *reader, at location, v any, to *T) error {
			value, err := read(r, at, v)
			if err == nil {
				*field(to) = value
			}
			return err
		},
		show: func(from *T) string { return encode(*field(from)) },
	}
}

// shown sets how the value is shown.
func (s setting[T]) shown(show func(*T) string) setting[T] {
	s.show = show
	return s
}

// orText gives the setting a flag and a variable of the environment.
func (s setting[T]) orText(fromText func(string) (v any, short, hint string)) setting[T] {
	s.fromText = fromText
	return s
}

// forCommands makes the flag of the setting a part of the commands that people
// are told to run.
func (s setting[T]) forCommands() setting[T] {
	s.inCommands = true
	return s
}

// orElse tells where the value comes from that the file does not state.
func (s setting[T]) orElse(origin string) setting[T] {
	s.unstated = origin
	return s
}

// including names the key whose values are shown as part of this one.
func (s setting[T]) including(key string) setting[T] {
	s.with = key
	return s
}

// flag returns the flag of the command line, if the setting has one.
func (s setting[T]) flag() string { return "--" + strings.ReplaceAll(s.key, "_", "-") }

// variable returns the variable of the environment, if the setting has one.
func (s setting[T]) variable() string { return "COLAB_TRAY_" + strings.ToUpper(s.key) }

// keysOf returns the keys of settings in their order.
func keysOf[T any](settings []setting[T]) []string {
	var keys []string
	for _, s := range settings {
		keys = append(keys, s.key)
	}
	return keys
}

// at returns where the table is in the file, given the name of the profile.
func (t settingTable) at(profile string) location {
	path := slices.Clone(t.path)
	for i, name := range path {
		if name == anyProfile {
			path[i] = profile
		}
	}
	return at(path...)
}

// name returns the table as the file names it, such as "profiles.NAME".
func (t settingTable) name() string { return strings.Join(t.path, ".") }
