package cli

import (
	"colabtray/internal/config"
	"colabtray/internal/words"
)

// speak makes the language of the settings file the one of all that is said,
// that of the system where the file has none or cannot be read.
func (p *Program) speak() {
	settings, err := config.Load(config.Sources{File: config.File()})
	if err != nil {
		settings.Preferences = config.DefaultPreferences()
	}
	speak(settings.Preferences.Language, p.LookupEnv)
}

func speak(language config.Language, lookupEnv func(string) (string, bool)) {
	if language == config.LanguageAuto {
		words.Use(words.System(lookupEnv))
		return
	}
	words.Use(string(language))
}
