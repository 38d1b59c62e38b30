package config

import (
	"slices"
	"time"

	"colabtray/internal/i18n"
)

// Preferences are the settings of the program itself, the same for every
// profile.
type Preferences struct {
	// StartAtOpen starts the runtime when the program opens.
	StartAtOpen bool
	// StopOnQuit stops the runtime when its person quits the program.
	StopOnQuit bool
	// Icon is how the icon in the tray looks.
	Icon Icon
	// Language is that of all texts.
	Language Language
	// ClearClipboard is how long a copied Backend URL stays in the clipboard; 0
	// is for good.
	ClearClipboard time.Duration
	// Notifications tells what is announced.
	Notifications Notifications
}

// Notifications tells of which kinds notifications are shown. The menu's status
// row says it all in any case.
type Notifications struct {
	// Ready is the runtime becoming ready.
	Ready bool
	// URLChanged is a new Backend URL.
	URLChanged bool
	// Stopped is a runtime that stopped without being asked to.
	Stopped bool
	// Failed is a problem.
	Failed bool
	// Idle is an idle runtime that will be stopped soon.
	Idle bool
	// Progress is how far a long download is.
	Progress bool
}

// Icon is a look of the icon in the tray.
type Icon string

const (
	// IconAuto takes what suits the desktop.
	IconAuto Icon = "auto"
	// IconColour tells states by colour as well as shape.
	IconColour Icon = "colour"
	// IconLight is one light colour, for dark panels.
	IconLight Icon = "light"
	// IconDark is one dark colour, for light panels.
	IconDark Icon = "dark"
)

// Language is the language of all texts: [LanguageAuto], or one of
// [words.Languages].
type Language string

// LanguageAuto is the desktop's, where there is a translation.
const LanguageAuto Language = "auto"

// DefaultPreferences returns the preferences without a settings file.
func DefaultPreferences() Preferences {
	return Preferences{
		Icon:          IconAuto,
		Language:      LanguageAuto,
		Notifications: Notifications{Ready: true, URLChanged: true, Stopped: true, Failed: true, Idle: true, Progress: true},
	}
}

// LanguageIn returns the language that a settings file asks for, also one that
// is wrong elsewhere: what is said of that is said in this language.
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
	_ = readSettings(&reader{file: content}, preferencesTable.settings, table, stated, &s) // a wrong one is as good as none
	return s.Preferences.Language
}

// readPreferences returns the preferences that the file states, the defaults
// for all else.
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

// languages are those that there are texts in, and the desktop's.
func languages() []Language {
	all := []Language{LanguageAuto}
	for _, language := range i18n.Languages() {
		all = append(all, Language(language))
	}
	return all
}

// readChoice reads one of a few words.
func readChoice[T ~string](choices func() []T) func(*reader, location, any) (T, error) {
	return readAs[T](func(text string) (short, hint string) {
		if slices.Contains(choices(), T(text)) {
			return "", ""
		}
		return i18n.T("config.notUnderstood", "text", i18n.Escaped(text)), i18n.T("config.choiceHint", "choices", quotedChoices(choices()))
	})
}

// quotedChoices names the choices as a sentence does.
func quotedChoices[T ~string](choices []T) string {
	var quoted []string
	for _, choice := range choices {
		quoted = append(quoted, quote(string(choice)))
	}
	return i18n.Or(quoted)
}
