package i18n

import "golang.org/x/sys/windows"

// preferred returns the languages in the environment, which terminals from Unix set,
// else the person's display languages in Windows.
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
