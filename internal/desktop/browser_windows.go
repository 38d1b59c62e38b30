package desktop

import (
	"context"

	"golang.org/x/sys/windows/registry"
)

// DefaultBrowser returns the family of the browser that opens web pages, one of the
// Browser constants, or "" where it is not known.
func DefaultBrowser(context.Context) string {
	key, err := registry.OpenKey(registry.CURRENT_USER,
		`Software\Microsoft\Windows\Shell\Associations\UrlAssociations\https\UserChoice`, registry.QUERY_VALUE)
	if err != nil {
		return ""
	}
	defer key.Close()
	name, _, err := key.GetStringValue("ProgId")
	if err != nil {
		return ""
	}
	return family(name)
}
