package config

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// Form has the settings of one profile and of the program as the settings file states
// them, for a form that an [Editor] writes back. It has no value of a variable.
type Form struct {
	// Revision is that of the file.
	Revision Revision `json:"revision"`
	// Profile is the profile, and Profiles are all that there are, by name.
	Profile  string        `json:"profile"`
	Profiles []FormProfile `json:"profiles"`
	Fields   []Field       `json:"fields"`
	// CanUndo tells that [Editor.Undo] takes back the latest change.
	CanUndo bool `json:"canUndo"`
	// Broken is what is wrong with the file; it is nil if nothing is. There are no
	// fields then.
	Broken *Error `json:"broken,omitempty"`
}

// FormProfile is a profile that there is.
type FormProfile struct {
	Name    string `json:"name"`
	Runtime string `json:"runtime"`
	// BuiltIn tells that the profile is there without the file. It can neither be
	// renamed nor removed.
	BuiltIn bool `json:"builtIn"`
	// About is [Profile.About].
	About string `json:"about"`
}

// Field is one setting in a form.
type Field struct {
	// Place is the place of the setting, such as "profile.port".
	Place Place `json:"place"`
	// Text explains the setting in the language in use.
	Text string `json:"text"`
	// Value is the value in the file, as it is typed in; Stated tells whether the
	// file has one.
	Value  string `json:"value"`
	Stated bool   `json:"stated"`
	// Default is the value without the file. It is empty for an empty text, too.
	Default string `json:"default"`
	Input   Input  `json:"input"`
	// Choices are the values of an InputChoice or InputProfile.
	Choices []string `json:"choices,omitempty"`
	// Elsewhere tells that the setting is for another kind of engine than the profile's,
	// which does not read it.
	Elsewhere bool `json:"elsewhere,omitempty"`
}

// Place names a setting for a form: its table's kind ("file", "profile",
// "preferences" or "notifications") and its key, such as "profile.port".
type Place string

// setting returns the setting at a place and its location for a profile.
func (p Place) setting(profile string) (setting[Settings], location, bool) {
	id, key, _ := strings.Cut(string(p), ".")
	for _, t := range tables {
		for _, s := range t.settings {
			if t.id == id && s.key == key {
				return s, t.at(profile).in(key), true
			}
		}
	}
	return setting[Settings]{}, location{}, false
}

// Form returns the settings of a profile. If there is no such profile any more, it
// returns those of the default profile.
func (e Editor) Form(profile string) Form {
	editing.Lock()
	defer editing.Unlock()
	content := &file{path: e.File, root: &node{}}
	text, err := content.read()
	form := Form{Revision: revisionOf(text), Profile: profile, CanUndo: undoable(e.File, text)}
	var s Settings
	if err == nil {
		err = content.parse(text)
	}
	if err == nil {
		s, err = content.settings(Sources{})
	}
	if err != nil {
		errors.As(err, &form.Broken)
		return form
	}
	if _, known := s.Profiles[profile]; !known {
		form.Profile = DefaultProfile
	}
	names := slices.Sorted(maps.Keys(s.Profiles))
	for _, name := range names {
		_, builtIn := BuiltIn()[name]
		form.Profiles = append(form.Profiles, FormProfile{Name: name, Runtime: s.Profiles[name].Runtime, BuiltIn: builtIn, About: s.Profiles[name].About()})
	}
	defaults := Settings{Profile: defaultOf(form.Profile), Preferences: DefaultPreferences()}
	defaults.Profile.Kind = KindOf(s.Profiles[form.Profile].Image)
	for _, t := range tables {
		if t.id == fileTable.id {
			defaults.Profile.Name = DefaultProfile
		}
		table := t.at(form.Profile)
		for _, one := range t.settings {
			stated := content.node(&table).stated(one.key)
			field := Field{
				Place: Place(t.id + "." + one.key), Text: t.explanationOf(one.key), Input: one.input,
				Value: one.valueText(stated), Stated: stated != nil, Default: one.defaultText(&defaults),
				Elsewhere: one.where != nil && !one.where(s.Profiles[form.Profile]),
			}
			switch {
			case one.input == InputProfile:
				field.Choices = names
			case one.choices != nil:
				field.Choices = one.choices()
			}
			form.Fields = append(form.Fields, field)
		}
	}
	return form
}

// defaultOf returns a profile without what the file says of it.
func defaultOf(name string) Profile {
	p, builtIn := BuiltIn()[name]
	if !builtIn {
		p = Default()
		p.Name, p.Runtime = name, "local-"+name+"-runtime"
	}
	return p
}

// valueText returns a value of the file as a form shows it.
func (s setting[T]) valueText(v any) string {
	var lines []string
	switch v := v.(type) {
	case nil:
		return ""
	case map[string]any: // the variables
		for _, name := range slices.Sorted(maps.Keys(v)) {
			lines = append(lines, name+"="+secret.Redacted)
		}
		return strings.Join(lines, "\n")
	case []any:
		if s.input == InputFolders {
			for _, item := range v {
				folder, _ := item.(map[string]any)
				host, _ := folder["host"].(string)
				lines = append(lines, host)
			}
			return strings.Join(lines, "\n")
		}
	}
	return s.textOf(v)
}

// defaultText returns the default value as a form shows it.
func (s setting[T]) defaultText(defaults *T) string {
	if s.show == nil {
		return ""
	}
	return s.valueText(newIndex([]byte("value = " + s.show(defaults))).root.stated("value"))
}

// Try returns the error that [Editor.Put] would return, and writes nothing.
func (e Editor) Try(profile string, place Place, text string) error {
	return e.try(e.put(profile, place, text))
}

// Put writes the value that a person has typed into the file, or empties the field: an
// empty text is the default value.
func (e Editor) Put(profile string, place Place, text string) error {
	return e.rewrite(e.put(profile, place, text))
}

// Unset removes a setting from the file, so that its default value applies.
func (e Editor) Unset(profile string, place Place) error {
	return e.rewrite(func(text []byte) ([]byte, error) {
		_, where, known := place.setting(profile)
		if !known {
			return nil, e.noSetting(place)
		}
		return removeKey(text, where.key), nil
	})
}

// put returns the change that gives a setting the value that a person has typed.
func (e Editor) put(profile string, place Place, typed string) func(text []byte) ([]byte, error) {
	return func(text []byte) ([]byte, error) {
		s, where, known := place.setting(profile)
		if !known || s.input == InputFolders {
			return nil, e.noSetting(place)
		}
		if _, err := profileIn(e.File, text, profile); err != nil { // it would be a new one
			return nil, err
		}
		switch {
		case s.input == InputVariables:
			return e.putVariables(text, where, typed)
		case strings.TrimSpace(typed) == "":
			return removeKey(text, where.key), nil
		}
		switch v := s.typed(typed).(type) {
		case []any:
			return setItems(text, where.key, v), nil
		default:
			return edit(text, where.key, encode(v)), nil
		}
	}
}

func (e Editor) noSetting(place Place) error {
	return &Error{File: e.File, Key: i18n.Escaped(string(place)), Short: i18n.T("config.noSetting")}
}

// putVariables gives the table env other variables. Those that stay keep their place,
// and those whose value is [secret.Redacted] keep it.
func (e Editor) putVariables(text []byte, where location, typed string) ([]byte, error) {
	content := &file{path: e.File}
	if err := content.parse(text); err != nil {
		return nil, err
	}
	have := map[string]any{}
	if n := content.node(&where); n != nil && n.isTable() {
		have = n.value().(map[string]any)
	}
	wrong := func(short, hint string) error {
		return &Error{File: e.File, Key: displayKey(where.key), Short: short, Hint: hint}
	}
	wanted := map[string]any{}
	for line := range strings.Lines(typed) {
		line = strings.TrimRight(line, "\r\n")
		name, value, stated := strings.Cut(line, "=")
		name = strings.TrimSpace(name)
		_, twice := wanted[name]
		_, kept := have[name]
		switch {
		case strings.TrimSpace(line) == "":
			continue
		case !stated || name == "":
			return nil, wrong(i18n.T("config.variableLine"), i18n.T("config.variableLineHint"))
		case twice:
			return nil, wrong(i18n.T("config.twice"), "")
		case value == secret.Redacted && !kept:
			return nil, wrong(i18n.T("config.noValueYet", "name", i18n.Escaped(name)), i18n.T("config.variableLineHint"))
		case value == secret.Redacted:
			wanted[name] = have[name]
		default:
			wanted[name] = value
		}
	}
	if len(wanted) == 0 {
		return removeKey(text, where.key), nil
	}
	if len(have) == 0 {
		return edit(removeKey(text, where.key), where.key, encode(wanted)), nil
	}
	for _, name := range slices.Sorted(maps.Keys(have)) {
		if _, stays := wanted[name]; !stays {
			text = removeKey(text, where.in(name).key)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		if have[name] != wanted[name] {
			text = edit(text, where.in(name).key, encode(wanted[name]))
		}
	}
	return text, nil
}
