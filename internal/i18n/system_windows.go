package i18n

import "golang.org/x/sys/windows"

// preferred returns the languages of the person's own display, or of the
// environment, which terminals ported from elsewhere set.
func preferred(lookupEnv func(string) (string, bool)) []string {
	if locales := fromEnvironment(lookupEnv); locales != nil {
		return locales
	}
	locales, err := windows.GetUserPreferredUILanguages(windows.MUI_LANGUAGE_NAME)
	if err != nil {
		return nil
	}
	return locales
}
