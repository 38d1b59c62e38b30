package config

// Entry documents one setting.
type Entry struct {
	// Table is the table of the file that has the setting: "profiles.NAME",
	// "preferences", "preferences.notifications"; empty for the top of the file.
	Table string
	// Key is its key in that table, such as "port".
	Key string
	// Flag and Variable are what else sets it, such as "--port" and
	// "COLAB_TRAY_PORT"; empty where there is no such thing.
	Flag, Variable string
	// Default is its default as TOML, such as "8888".
	Default string
	// Text explains the setting in the language in use: sentences, and perhaps
	// examples in lines that begin with blanks.
	Text string
}

// Reference documents every setting, in the order of the settings file. Whatever
// lists settings, such as the manual, is made from it.
func Reference() []Entry {
	s := Settings{Profile: Default(), Preferences: DefaultPreferences()}
	var entries []Entry
	for _, t := range tables {
		for _, one := range t.settings {
			entry := Entry{Table: t.name(), Key: one.key, Default: one.inDefaultFile(&s), Text: t.explanationOf(one.key)}
			if one.fromText != nil {
				entry.Flag, entry.Variable = one.flag(), one.variable()
			}
			entries = append(entries, entry)
		}
	}
	return entries
}
