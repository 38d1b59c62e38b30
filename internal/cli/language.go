package cli

import (
	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// useLanguage makes the language of the settings file the one of all that is said,
// that of the system where the file has none.
func (p *Program) useLanguage() { useLanguage(config.LanguageIn(config.File()), p.LookupEnv) }

func useLanguage(language config.Language, lookupEnv func(string) (string, bool)) {
	if language == config.LanguageAuto {
		i18n.Use(i18n.System(lookupEnv))
		return
	}
	i18n.Use(string(language))
}
