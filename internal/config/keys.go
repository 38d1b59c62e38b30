package config

import (
	"slices"
	"strings"

	"colabtray/internal/i18n"
)

var (
	profileKeys      = keysOf(profileTable.settings)
	folderKeys       = keysOf(folderSettings)
	preferenceKeys   = append(keysOf(preferencesTable.settings), "notifications")
	notificationKeys = keysOf(notificationsTable.settings)
)

// NotificationKeys returns the keys of [preferences.notifications].
func NotificationKeys() []string { return slices.Clone(notificationKeys) }

// unknownKey returns a hint that lists the known keys if a key is unknown, and ""
// if the key is known. It does not check keys inside a value of the wrong type.
func unknownKey(path []string) (hint string) {
	stray := func(i int, keys []string) bool { return len(path) > i && !slices.Contains(keys, path[i]) }
	switch {
	case path[0] == "profile":
	case path[0] == "profiles" && len(path) > 3 && path[2] == "folders":
		if stray(3, folderKeys) {
			return i18n.T("config.folderKeys", "keys", strings.Join(folderKeys, ", "))
		}
	case path[0] == "profiles":
		if stray(2, profileKeys) {
			return i18n.T("config.profileKeys", "keys", strings.Join(profileKeys, ", "))
		}
	case path[0] == "preferences" && len(path) > 2 && path[1] == "notifications":
		if stray(2, notificationKeys) {
			return i18n.T("config.notificationKeys", "keys", strings.Join(notificationKeys, ", "))
		}
	case path[0] == "preferences":
		if stray(1, preferenceKeys) {
			return i18n.T("config.preferenceKeys", "keys", strings.Join(preferenceKeys, ", "))
		}
	default:
		return i18n.T("config.topKeys")
	}
	return ""
}
