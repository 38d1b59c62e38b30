package tray

import "strings"

// label escapes the text of a row: an accessKey in it would vanish and underline
// the letter after it. Names of images and containers can contain one.
func label(text string) string { return escapeAmpersands(text, accessKey) }

func escapeAmpersands(text, key string) string {
	if key == "" {
		return text
	}
	return strings.ReplaceAll(text, key, key+key)
}
