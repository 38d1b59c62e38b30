package config

import (
	"reflect"
	"slices"
	"strings"
)

// keysOf returns the keys that a table can hold, in their order.
func keysOf[T any]() []string {
	var keys []string
	for field := range reflect.TypeFor[T]().Fields() {
		if key, is := field.Tag.Lookup("toml"); is {
			keys = append(keys, key)
		}
	}
	return keys
}

var (
	profileKeys      = keysOf[table]()
	folderKeys       = keysOf[folder]()
	preferenceKeys   = keysOf[preferences]()
	notificationKeys = keysOf[notifications]()
)

// NotificationKeys returns the keys of [preferences.notifications].
func NotificationKeys() []string { return slices.Clone(notificationKeys) }

// What is said about a key that there is not.
var (
	topHint           = "There are: profile, and the tables [profiles.NAME] and [preferences]"
	profileHint       = "In [profiles.NAME] there are: " + strings.Join(profileKeys, ", ")
	folderHint        = "A folder has: " + strings.Join(folderKeys, ", ")
	preferencesHint   = "In [preferences] there are: " + strings.Join(preferenceKeys, ", ")
	notificationsHint = "In [preferences.notifications] there are: " + strings.Join(notificationKeys, ", ")
)

// unknownKey returns what there is where a file has a key that there is not,
// and nothing for one that there is. Decoding cannot tell: to the library PORT
// is as good as port. What is in a value of the wrong type is not looked at.
func unknownKey(path []string) (hint string) {
	stray := func(i int, keys []string, hint string) string {
		if len(path) <= i || slices.Contains(keys, path[i]) {
			return ""
		}
		return hint
	}
	switch {
	case path[0] == "profile":
		return ""
	case path[0] == "profiles" && len(path) > 3 && path[2] == "folders":
		return stray(3, folderKeys, folderHint)
	case path[0] == "profiles":
		return stray(2, profileKeys, profileHint)
	case path[0] == "preferences" && len(path) > 2 && path[1] == "notifications":
		return stray(2, notificationKeys, notificationsHint)
	case path[0] == "preferences":
		return stray(1, preferenceKeys, preferencesHint)
	default:
		return topHint
	}
}
