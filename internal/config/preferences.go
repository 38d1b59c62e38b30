package config

import (
	"time"

	"colabtray/internal/words"
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

// Language is the language of all texts.
type Language string

const (
	// LanguageAuto is the desktop's, where there is a translation.
	LanguageAuto Language = "auto"
	// LanguageEnglish is English.
	LanguageEnglish Language = "en"
	// LanguageGerman is German.
	LanguageGerman Language = "de"
)

// DefaultPreferences returns the preferences without a settings file.
func DefaultPreferences() Preferences {
	return Preferences{
		Icon:          IconAuto,
		Language:      LanguageAuto,
		Notifications: Notifications{Ready: true, URLChanged: true, Stopped: true, Failed: true, Idle: true, Progress: true},
	}
}

// preferences is the table [preferences].
type preferences struct {
	StartAtOpen    any           `toml:"start_at_open"`
	StopOnQuit     any           `toml:"stop_on_quit"`
	Icon           any           `toml:"icon"`
	Language       any           `toml:"language"`
	ClearClipboard any           `toml:"clear_clipboard"`
	Notifications  notifications `toml:"notifications"`
}

// notifications is the table [preferences.notifications].
type notifications struct {
	Ready      any `toml:"ready"`
	URLChanged any `toml:"url_changed"`
	Stopped    any `toml:"stopped"`
	Failed     any `toml:"failed"`
	Idle       any `toml:"idle"`
	Progress   any `toml:"progress"`
}

// LanguageIn returns the language that a settings file asks for, also one that
// is wrong elsewhere: what is said of that is said in this language.
func LanguageIn(path string) Language {
	content, _ := readFile(path)
	language := LanguageAuto
	r := &reader{file: content, table: at("preferences")}
	take(r, "language", content.Preferences.Language, readLanguage, &language)
	return language
}

func readLanguage(r *reader, at spot, v any) (Language, error) {
	return readChoice(languageHint, LanguageAuto, LanguageEnglish, LanguageGerman)(r, at, v)
}

// readPreferences returns the preferences that the file states, the defaults
// for all else.
func (f *file) readPreferences() (Preferences, error) {
	p := DefaultPreferences()
	t := f.Preferences
	r := &reader{file: f, table: at("preferences")}
	take(r, "start_at_open", t.StartAtOpen, readBool, &p.StartAtOpen)
	take(r, "stop_on_quit", t.StopOnQuit, readBool, &p.StopOnQuit)
	take(r, "icon", t.Icon, readChoice(iconHint, IconAuto, IconColour, IconLight, IconDark), &p.Icon)
	take(r, "language", t.Language, readLanguage, &p.Language)
	take(r, "clear_clipboard", t.ClearClipboard, readDuration(minClear), &p.ClearClipboard)
	n := t.Notifications
	r.table = r.table.in("notifications")
	take(r, "ready", n.Ready, readBool, &p.Notifications.Ready)
	take(r, "url_changed", n.URLChanged, readBool, &p.Notifications.URLChanged)
	take(r, "stopped", n.Stopped, readBool, &p.Notifications.Stopped)
	take(r, "failed", n.Failed, readBool, &p.Notifications.Failed)
	take(r, "idle", n.Idle, readBool, &p.Notifications.Idle)
	take(r, "progress", n.Progress, readBool, &p.Notifications.Progress)
	return p, r.err
}

func iconHint() string { return words.Say("config.iconHint") }

func languageHint() string { return words.Say("config.languageHint") }

// readChoice reads one of a few words, which the hint tells.
func readChoice[T ~string](hint func() string, choices ...T) func(*reader, spot, any) (T, error) {
	return func(r *reader, at spot, v any) (T, error) {
		text, err := readText(func(text string) (short, _ string) {
			for _, choice := range choices {
				if text == string(choice) {
					return "", ""
				}
			}
			return words.Say("config.notUnderstood", "text", words.Escaped(text)), hint()
		})(r, at, v)
		return T(text), err
	}
}
