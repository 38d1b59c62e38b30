package config

// Entry is the documentation of one setting.
type Entry struct {
	// Table is the table of the settings file that contains the setting:
	// "profiles.NAME", "preferences" or "preferences.notifications"; empty for the
	// top of the file.
	Table string
	// Key is the key in that table, such as "port".
	Key string
	// Flag and Variable are the flag and the environment variable of the setting,
	// such as "--port" and "COLAB_TRAY_PORT"; empty if there are none.
	Flag, Variable string
	// Repeated tells that the flag can be given several times; commas separate values.
	Repeated bool
	// Default is the default value as TOML, such as "8888".
	Default string
	// Text explains the setting in the language in use. Lines that begin with
	// blanks are examples.
	Text string
}

// Reference documents every setting, in the order of the settings file. Lists of
// settings, such as in the man page, are generated from it.
func Reference() []Entry {
	s := Settings{Profile: Default(), Preferences: DefaultPreferences()}
	var entries []Entry
	for _, t := range tables {
		for _, one := range t.settings {
			entry := Entry{Table: t.name(), Key: one.key, Default: one.inDefaultFile(&s), Text: t.explanationOf(one.key)}
			if one.fromText != nil {
				entry.Flag, entry.Variable, entry.Repeated = one.flag(), one.variable(), one.otherFlag != ""
			}
			entries = append(entries, entry)
		}
	}
	return entries
}
