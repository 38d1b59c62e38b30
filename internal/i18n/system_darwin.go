package i18n

import "os/exec"

// preferred returns the languages in the environment, which terminals set, else those
// in the system's settings, for programs that the desktop opens.
func preferred(lookupEnv func(string) (string, bool)) []string {
	if locales := fromEnvironment(lookupEnv); locales != nil {
		return locales
	}
	list, err := exec.Command("defaults", "read", "-g", "AppleLanguages").Output()
	if err != nil {
		return nil
	}
	return appleLanguages(string(list))
}
