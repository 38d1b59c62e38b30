// Package config owns the settings of Colab Tray: the profiles and the
// preferences, their defaults, their sources (flag, environment, file, default)
// and the error messages for settings that are wrong.
//
// Package config does not apply the settings. It imports only the messages (i18n)
// and the type of secrets, and never talks to the engine.
package config
