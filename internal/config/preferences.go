package config

import (
	"slices"
	"time"

	"colabtray/internal/i18n"
)

// Preferences are the settings of the program itself. They do not depend on the
// profile.
type Preferences struct {
	// StartAtOpen starts the runtime when the program opens.
	StartAtOpen bool
	// StopOnQuit stops the runtime when the person quits the program.
	StopOnQuit bool
	// Icon is the style of the icon in the tray.
	Icon Icon
	// Language is the language of all messages.
	Language Language
	// ClearClipboard is how long a copied Backend URL stays in the clipboard, at
	// least one second; 0 leaves it there.
	ClearClipboard time.Duration
	// NewerImage asks the registries of the images of runtimes once a day whether
	// they have newer ones, and tells so.
	NewerImage bool
	// Notifications selects the notifications.
	Notifications Notifications
}

// Notifications selects the kinds of notifications that are shown. The status row of
// the menu always shows the same information.
type Notifications struct {
	// Ready announces that the runtime has become ready.
	Ready bool
	// URLChanged announces a new Backend URL.
	URLChanged bool
	// Stopped announces that the runtime has stopped without a request.
	Stopped bool
	// Failed announces a problem.
	Failed bool
	// Idle announces that the runtime is idle and will be stopped soon.
	Idle bool
	// Progress announces the progress of a long download.
	Progress bool
	// NewerImage announces that there is a newer image.
	NewerImage bool
}

// Icon is a style of the icon in the tray.
type Icon string

const (
	// IconAuto is the style that suits the desktop.
	IconAuto Icon = "auto"
	// IconColour shows the state by colour and shape.
	IconColour Icon = "colour"
	// IconLight has one light colour, for dark panels.
	IconLight Icon = "light"
	// IconDark has one dark colour, for light panels.
	IconDark Icon = "dark"
)

// Language is the language of all messages: [LanguageAuto] or one of
// [i18n.Languages].
type Language string

// LanguageAuto is the language of the desktop if there is a translation, else
// English.
const LanguageAuto Language = "auto"

// DefaultPreferences returns the preferences that apply without a settings file.
func DefaultPreferences() Preferences {
	return Preferences{
		Icon:          IconAuto,
		Language:      LanguageAuto,
		NewerImage:    true,
		Notifications: Notifications{Ready: true, URLChanged: true, Stopped: true, Failed: true, Idle: true, Progress: true, NewerImage: true},
	}
}

// LanguageIn returns the language in a settings file. It also works if another
// setting of the file is invalid, so that the error message is in that language.
func LanguageIn(path string) Language {
	content, _ := readFile(path)
	s := Settings{Preferences: DefaultPreferences()}
	table := preferencesTable.at("")
	stated := func(key string) any {
		if key == "language" {
			return content.node(&table).stated(key)
		}
		return nil
	}
	_ = readSettings(&reader{file: content}, preferencesTable.settings, table, stated, &s) // an invalid language counts as not set
	return s.Preferences.Language
}

// readPreferences returns the preferences from the file. What the file does not set
// has its default.
func (f *file) readPreferences() (Preferences, error) {
	s := Settings{Preferences: DefaultPreferences()}
	for _, table := range []settingTable{preferencesTable, notificationsTable} {
		where := table.at("")
		if err := readSettings(&reader{file: f}, table.settings, where, f.node(&where).stated, &s); err != nil {
			return Preferences{}, err
		}
	}
	return s.Preferences, nil
}

func icons() []Icon { return []Icon{IconAuto, IconColour, IconLight, IconDark} }

// languages returns the valid values of the setting language.
func languages() []Language {
	all := []Language{LanguageAuto}
	for _, language := range i18n.Languages() {
		all = append(all, Language(language))
	}
	return all
}

// textsOf returns a function that returns the choices as texts.
func textsOf[T ~string](choices func() []T) func() []string {
	return func() []string {
		var texts []string
		for _, choice := range choices() {
			texts = append(texts, string(choice))
		}
		return texts
	}
}

// readChoice returns a function that reads one of the given choices.
func readChoice[T ~string](choices func() []T) func(*reader, location, any) (T, error) {
	return readAs[T](func(text string) (short, hint string) {
		if slices.Contains(choices(), T(text)) {
			return "", ""
		}
		return i18n.T("config.notUnderstood", "text", i18n.Escaped(text)), i18n.T("config.choiceHint", "choices", quotedChoices(choices()))
	})
}

// quotedChoices lists the choices for a sentence, such as `"a", "b" or "c"`.
func quotedChoices[T ~string](choices []T) string {
	var quoted []string
	for _, choice := range choices {
		quoted = append(quoted, quote(string(choice)))
	}
	return i18n.Or(quoted)
}
