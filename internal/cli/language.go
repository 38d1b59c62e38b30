package cli

import (
	"colabtray/internal/config"
	"colabtray/internal/words"
)

// speak makes the language of the settings file the one of all that is said,
// that of the system where the file has none.
func (p *Program) speak() { speak(config.LanguageIn(config.File()), p.LookupEnv) }

func speak(language config.Language, lookupEnv func(string) (string, bool)) {
	if language == config.LanguageAuto {
		words.Use(words.System(lookupEnv))
		return
	}
	words.Use(string(language))
}
