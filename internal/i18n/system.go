package i18n

import (
	"slices"
	"strings"
)

// System returns the first of the languages that the person has set for this
// system and that there are texts in; else English. The environment is read as
// [os.LookupEnv] does.
func System(lookupEnv func(string) (string, bool)) string {
	return first(preferred(lookupEnv))
}

// first returns the first language there are texts in. Locales are written
// de_AT.UTF-8 or de-AT.
func first(locales []string) string {
	for _, locale := range locales {
		end := strings.IndexAny(locale, "_-.@")
		if end < 0 {
			end = len(locale)
		}
		if language := strings.ToLower(locale[:end]); slices.Contains(Languages(), language) {
			return language
		}
	}
	return English
}

// fromEnvironment returns the locales of the environment, in their order: a
// locale that is C or POSIX wants no translation, whatever LANGUAGE has
// (https://www.gnu.org/software/gettext/manual/html_node/The-LANGUAGE-variable.html).
func fromEnvironment(lookupEnv func(string) (string, bool)) []string {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		locale, _ := lookupEnv(name)
		if locale == "" {
			continue
		}
		if base, _, _ := strings.Cut(locale, "."); base == "C" || base == "POSIX" {
			return []string{English}
		}
		var list []string
		if languages, _ := lookupEnv("LANGUAGE"); languages != "" {
			list = strings.Split(languages, ":")
		}
		return append(list, locale)
	}
	return nil
}

// appleLanguages reads what `defaults read -g AppleLanguages` prints: a list in
// brackets, one language in quotes per line.
func appleLanguages(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("() \n\",", r) })
}
