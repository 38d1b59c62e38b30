//go:build !windows && !darwin

package i18n

// preferred returns the languages in the environment.
func preferred(lookupEnv func(string) (string, bool)) []string { return fromEnvironment(lookupEnv) }
