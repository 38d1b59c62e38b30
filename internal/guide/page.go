package guide

import (
	"embed"
	"encoding/json"
	"html"
	"path"
	"regexp"
	"strings"

	"colabtray/internal/i18n"
)

//go:embed page
var files embed.FS

// texts are those of the page by name, in the language in use.
func texts() map[string]string {
	all := i18n.Table("guide")
	all["lang"] = i18n.Language()
	return all
}

// asset returns what belongs to the page, as it is now: with its texts in the
// language in use.
func (g *Guide) asset(name string) (kind string, body []byte) {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8", filled(name, g.Version)
	case ".json":
		body, _ = json.Marshal(texts()) // names and texts can be encoded
		return "application/json", body
	case ".js":
		return "text/javascript; charset=utf-8", file(name)
	case ".css":
		return "text/css; charset=utf-8", file(name)
	default:
		return "image/svg+xml", file(name)
	}
}

func file(name string) []byte {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err) // it is embedded, or the program would not have been built
	}
	return text
}

var (
	placeholder = regexp.MustCompile(`\{\{([\w.-]+)\}\}`)
	strong      = regexp.MustCompile(`\*\*(.+?)\*\*`)
	code        = regexp.MustCompile("`(.+?)`")
)

// filled puts the texts where a page has {{their name}}. In a text, **this** is
// strong and `this` is code.
func filled(name, version string) []byte {
	all := texts()
	return placeholder.ReplaceAllFunc(file(name), func(p []byte) []byte {
		name := strings.Trim(string(p), "{}")
		if name == "version" {
			return []byte(html.EscapeString(version))
		}
		text := html.EscapeString(all[name])
		text = strong.ReplaceAllString(text, "<strong>$1</strong>")
		return []byte(code.ReplaceAllString(text, "<code>$1</code>"))
	})
}
