package i18n

import (
	"slices"
	"strings"
)

// System returns the first language in the person's settings of this system for which
// there are messages, else English. lookupEnv reads the environment, as
// [os.LookupEnv] does.
func System(lookupEnv func(string) (string, bool)) string {
	return first(preferred(lookupEnv))
}

// first returns the first language for which there are messages. A locale is written
// as de_AT.UTF-8 or de-AT.
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

// fromEnvironment returns the locales in the environment, in their order. The locale C
// or POSIX means English, whatever LANGUAGE contains
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

// appleLanguages parses the output of `defaults read -g AppleLanguages`: a list in
// parentheses, with one quoted language on each line.
func appleLanguages(list string) []string {
	return strings.FieldsFunc(list, func(r rune) bool { return strings.ContainsRune("() \n\",", r) })
}
