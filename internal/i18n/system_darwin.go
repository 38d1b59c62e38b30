package i18n

import "os/exec"

// preferred returns the languages of the environment, which terminals set, or
// those of the system's settings, which programs opened from the desktop see.
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
