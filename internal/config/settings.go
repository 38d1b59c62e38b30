package config

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// setting is one key of the settings file and everything that the program knows
// about the key. Its value is stored in a T.
type setting[T any] struct {
	key string
	// read checks a value from the file and stores it in to.
	read func(r *reader, at location, v any, to *T) error
	// show returns the value in force as TOML. It is nil for a setting that is shown
	// as part of another setting.
	show func(from *T) string
	// fromText converts the text of a flag or an environment variable to a value. It
	// is nil for a setting without these.
	fromText func(text string) (v any, short, hint string)

	// repeated is the name of the flag of a setting whose values are given one by one,
	// without dashes. It is empty for other settings.
	repeated string
	// noVariable is true if the setting has a flag alone.
	noVariable bool
	// inCommands is true if the commands that the program suggests contain the flag.
	inCommands bool
	// unstated names the source of the value if the file does not set it; empty for
	// the default.
	unstated string
	// with is the key of a setting that is shown as part of this setting.
	with string
	// input is the way in which a form asks for the value.
	input Input
	// choices returns the values of an [InputChoice].
	choices func() []string
	// where reports whether the engine of a profile has the setting; nil if each has.
	where func(p Profile) bool
}

// settingTable is one table of the settings file.
type settingTable struct {
	// id is the prefix of the keys of the messages that explain the settings.
	id string
	// path is the table's key in the file.
	path     []string
	settings []setting[Settings]
}

// anyProfile is the placeholder for a profile's name in the path of a table.
const anyProfile = "NAME"

// fileTable has the settings at the top of the file, before any table.
var fileTable = settingTable{id: "file", settings: []setting[Settings]{
	value("profile", func(s *Settings) *string { return &s.Profile.Name }, readText(anyText)).orText(asText).as(InputProfile),
}}

// profileTable is the table of a profile.
var profileTable = withClusterSettings(settingTable{id: "profile", path: []string{"profiles", anyProfile}, settings: []setting[Settings]{
	value("name", func(s *Settings) *string { return &s.Profile.Runtime }, readText(checkName)).orText(asText).forCommands(),
	value("image", func(s *Settings) *string { return &s.Profile.Image }, readText(checkImage)).orText(asText).forCommands(),
	value("kind", func(s *Settings) *Kind { return &s.Profile.Kind }, readAs[Kind](checkKind)).orElse("as the image is").oneOf(textsOf(kinds)),
	value("engine", func(s *Settings) *string { return &s.Profile.Engine }, readText(checkEngine)).orText(asText).forCommands(),
	value("port", func(s *Settings) *int { return &s.Profile.Port }, readPort).orText(asPort).as(InputNumber),
	value("ports", func(s *Settings) *[]PublishedPort { return &s.Profile.Ports }, readPorts).orText(asPorts).flagged("publish").forCommands().as(InputNumbers),
	value("gpu", func(s *Settings) *GPU { return &s.Profile.GPU }, readGPU).as(InputNumber),
	value("memory", func(s *Settings) *int64 { return &s.Profile.Memory }, readSize(minMemory)).shown(func(s *Settings) string { return encodeSize(s.Profile.Memory) }),
	value("cpus", func(s *Settings) *float64 { return &s.Profile.CPUs }, readCPUs).as(InputNumber),
	value("shm_size", func(s *Settings) *int64 { return &s.Profile.ShmSize }, readSize(minShmSize)).shown(func(s *Settings) string { return encodeSize(s.Profile.ShmSize) }),
	{key: "folders", read: readFoldersOf, show: func(s *Settings) string { return encode(s.Profile.Folders) }, fromText: asFolders, repeated: "folder", noVariable: true, input: InputFolders, where: notOnCluster},
	value("env", func(s *Settings) *[]Variable { return &s.Profile.Env }, readEnv).shown(showEnv).including("env_file").as(InputVariables),
	{key: "env_file", read: addEnvFile},
	value("packages", func(s *Settings) *[]string { return &s.Profile.Packages }, readTexts(checkPackage)).as(InputLines),
	value("command", func(s *Settings) *[]string { return &s.Profile.Command }, readTexts(checkArgument)).as(InputLines),
	value("token", func(s *Settings) *TokenPolicy { return &s.Profile.Token }, readAs[TokenPolicy](checkToken)).oneOf(textsOf(tokenPolicies)),
	value("wake", func(s *Settings) *bool { return &s.Profile.Wake }, readBool).as(InputSwitch),
	value("idle_stop", func(s *Settings) *time.Duration { return &s.Profile.IdleStop }, readDuration(minIdleStop)),
	value("platform", func(s *Settings) *string { return &s.Profile.Platform }, readText(checkPlatform)),
	value("user", func(s *Settings) *string { return &s.Profile.User }, readUser),
}})

// preferencesTable has the settings of the program itself.
var preferencesTable = settingTable{id: "preferences", path: []string{"preferences"}, settings: []setting[Settings]{
	value("start_at_open", func(s *Settings) *bool { return &s.Preferences.StartAtOpen }, readBool).as(InputSwitch),
	value("stop_on_quit", func(s *Settings) *bool { return &s.Preferences.StopOnQuit }, readBool).as(InputSwitch),
	value("icon", func(s *Settings) *Icon { return &s.Preferences.Icon }, readChoice(icons)).oneOf(textsOf(icons)),
	value("language", func(s *Settings) *Language { return &s.Preferences.Language }, readChoice(languages)).oneOf(textsOf(languages)),
	value("clear_clipboard", func(s *Settings) *time.Duration { return &s.Preferences.ClearClipboard }, readDuration(minClear)),
	value("newer_image", func(s *Settings) *bool { return &s.Preferences.NewerImage }, readBool).as(InputSwitch),
}}

// notificationsTable selects the notifications.
var notificationsTable = settingTable{id: "notifications", path: []string{"preferences", "notifications"}, settings: []setting[Settings]{
	value("ready", func(s *Settings) *bool { return &s.Preferences.Notifications.Ready }, readBool).as(InputSwitch),
	value("url_changed", func(s *Settings) *bool { return &s.Preferences.Notifications.URLChanged }, readBool).as(InputSwitch),
	value("stopped", func(s *Settings) *bool { return &s.Preferences.Notifications.Stopped }, readBool).as(InputSwitch),
	value("failed", func(s *Settings) *bool { return &s.Preferences.Notifications.Failed }, readBool).as(InputSwitch),
	value("idle", func(s *Settings) *bool { return &s.Preferences.Notifications.Idle }, readBool).as(InputSwitch),
	value("progress", func(s *Settings) *bool { return &s.Preferences.Notifications.Progress }, readBool).as(InputSwitch),
	value("newer_image", func(s *Settings) *bool { return &s.Preferences.Notifications.NewerImage }, readBool).as(InputSwitch),
}}

// tables are the tables of the settings file, in the order of the default file.
var tables = []settingTable{fileTable, profileTable, preferencesTable, notificationsTable}

// folderSettings are the settings of one folder of a profile.
var folderSettings = []setting[Folder]{
	value("host", func(f *Folder) *string { return &f.Host }, readHostPath),
	value("path", func(f *Folder) *string { return &f.Path }, readContainerPath),
	value("read_only", func(f *Folder) *bool { return &f.ReadOnly }, readBool),
}

// value returns the setting of a field. The function read checks the value, and
// [encode] shows it.
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

// shown sets the function that shows the value.
func (s setting[T]) shown(show func(*T) string) setting[T] {
	s.show = show
	return s
}

// orText gives the setting a flag and an environment variable.
func (s setting[T]) orText(fromText func(string) (v any, short, hint string)) setting[T] {
	s.fromText = fromText
	return s
}

// flagged gives the flag of a list a name of its own. Each use of it adds to the list.
func (s setting[T]) flagged(name string) setting[T] {
	s.repeated = name
	return s
}

// forCommands adds the flag of the setting to the commands that the program
// suggests.
func (s setting[T]) forCommands() setting[T] {
	s.inCommands = true
	return s
}

// orElse names the source of the value if the file does not set it.
func (s setting[T]) orElse(origin string) setting[T] {
	s.unstated = origin
	return s
}

// including sets the key of a setting that is shown as part of this setting.
func (s setting[T]) including(key string) setting[T] {
	s.with = key
	return s
}

// as sets the way in which a form asks for the value.
func (s setting[T]) as(input Input) setting[T] {
	s.input = input
	return s
}

// oneOf lets a form offer the values that are valid.
func (s setting[T]) oneOf(choices func() []string) setting[T] {
	s.input, s.choices = InputChoice, choices
	return s
}

// flag returns the flag of the command line, if the setting has one.
func (s setting[T]) flag() string {
	return "--" + cmp.Or(s.repeated, strings.ReplaceAll(s.key, "_", "-"))
}

// variable returns the environment variable, "" if the setting has none.
func (s setting[T]) variable() string {
	if s.noVariable {
		return ""
	}
	return "COLAB_TRAY_" + strings.ToUpper(s.key)
}

// keysOf returns the keys of the settings in their order.
func keysOf[T any](settings []setting[T]) []string {
	var keys []string
	for _, s := range settings {
		keys = append(keys, s.key)
	}
	return keys
}

// at returns the location of the table in the file. For the table of a profile, it
// is the table of the given profile.
func (t settingTable) at(profile string) location {
	path := slices.Clone(t.path)
	for i, name := range path {
		if name == anyProfile {
			path[i] = profile
		}
	}
	return at(path...)
}

// name returns the key of the table, such as "profiles.NAME".
func (t settingTable) name() string { return strings.Join(t.path, ".") }
