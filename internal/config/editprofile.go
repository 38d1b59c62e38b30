package config

import "colabtray/internal/i18n"

// AddProfile adds a profile with a runtime of its own. It has the settings of the
// profile from, except the runtime's name and the port, which no other profile has.
// If from is empty, the new profile has the default settings.
func (e Editor) AddProfile(name, from string) error {
	return e.rewrite(func(text []byte) ([]byte, error) {
		content, all, err := e.profiles(text)
		if err != nil {
			return nil, err
		}
		if err := e.checkNew(name, all); err != nil {
			return nil, err
		}
		base, values := Default(), map[string]string{}
		if from != "" {
			if base, err = profileIn(e.File, text, from); err != nil {
				return nil, err
			}
			values = content.copyOf(base)
		}
		values["port"] = encode(freePort(all, base.Port))
		delete(values, "name")
		for _, s := range profileTable.settings {
			if value, has := values[s.key]; has {
				text = edit(text, profileTable.at(name).in(s.key).key, value)
			}
		}
		return text, nil
	})
}

// RenameProfile changes the name of a profile. The profile keeps its runtime, and so
// its container and its data.
func (e Editor) RenameProfile(name, to string) error {
	return e.rewrite(func(text []byte) ([]byte, error) {
		content, all, err := e.profiles(text)
		if err != nil {
			return nil, err
		}
		if err := e.checkOwn(name, all); err != nil {
			return nil, err
		}
		if err := e.checkNew(to, all); err != nil {
			return nil, err
		}
		where := profileTable.at(name)
		text = renameKey(text, where.key, to)
		if content.node(&where).stated("name") == nil {
			text = edit(text, profileTable.at(to).in("name").key, encode(all[name].Runtime))
		}
		if content.root.stated("profile") == name {
			text = edit(text, at("profile").key, encode(to))
		}
		return text, nil
	})
}

// RemoveProfile removes a profile. Its container and its data stay as they are. If it
// was the chosen profile, the default profile is chosen.
func (e Editor) RemoveProfile(name string) error {
	return e.rewrite(func(text []byte) ([]byte, error) {
		content, all, err := e.profiles(text)
		if err != nil {
			return nil, err
		}
		if err := e.checkOwn(name, all); err != nil {
			return nil, err
		}
		if content.root.stated("profile") == name {
			text = removeKey(text, at("profile").key)
		}
		return removeKey(text, profileTable.at(name).key), nil
	})
}

// profiles returns the content of a valid text and all profiles.
func (e Editor) profiles(text []byte) (*file, map[string]Profile, error) {
	content := &file{path: e.File}
	if err := content.parse(text); err != nil {
		return nil, nil, err
	}
	s, err := content.settings(Sources{})
	return content, s.Profiles, err
}

// checkNew checks the name of a profile that is to be.
func (e Editor) checkNew(name string, all map[string]Profile) error {
	short, hint := checkName(name)
	if _, taken := all[name]; taken {
		short, hint = i18n.T("config.profileExists", "name", i18n.Escaped(name)), i18n.T("config.profileExistsHint")
	}
	if short != "" {
		return &Error{File: e.File, Short: short, Hint: hint}
	}
	return nil
}

// checkOwn checks that the file alone makes a profile.
func (e Editor) checkOwn(name string, all map[string]Profile) error {
	short, hint := "", ""
	if _, builtIn := BuiltIn()[name]; builtIn {
		short, hint = i18n.T("config.builtInProfile", "name", name), i18n.T("config.builtInProfileHint")
	} else if _, known := all[name]; !known {
		short = i18n.T("config.noProfile", "name", i18n.Escaped(name))
	}
	if short != "" {
		return &Error{File: e.File, Short: short, Hint: hint}
	}
	return nil
}

// copyOf returns the settings that a new profile needs to be like another one, as TOML.
func (f *file) copyOf(p Profile) map[string]string {
	where := profileTable.at(p.Name)
	table := f.node(&where)
	builtIn, defaults := Settings{Profile: BuiltIn()[p.Name]}, Settings{Profile: Default()}
	values := map[string]string{}
	for _, s := range profileTable.settings {
		stated := table.stated(s.key)
		switch {
		case stated != nil:
			values[s.key] = encode(stated)
		case builtIn.Profile.Name == "" || s.show == nil || s.unstated != "":
		case s.show(&builtIn) != s.show(&defaults):
			values[s.key] = s.show(&builtIn)
		}
	}
	return values
}

// freePort returns the first port from a given one that no profile has.
func freePort(all map[string]Profile, port int) int {
	taken := map[int]bool{}
	for _, p := range all {
		taken[p.Port] = true
		for _, published := range p.Ports {
			taken[published.Host] = true
		}
	}
	for range 65535 {
		if !taken[port] {
			break
		}
		port = port%65535 + 1
	}
	return port
}
