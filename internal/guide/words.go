package guide

import (
	"embed"
	"encoding/json"
	"html"
	"regexp"
	"strings"
)

//go:embed page
var files embed.FS

// words are the texts of the page by name, from page/words.json, which is the
// one place to translate. In a text, **this** is strong and `this` is code.
var words = func() map[string]string {
	all := map[string]string{}
	if err := json.Unmarshal(file("words.json"), &all); err != nil {
		panic("page/words.json: " + err.Error())
	}
	return all
}()

func word(name string) string { return words[name] }

// asset is a file of the page.
type asset struct {
	kind string
	body []byte
}

// assets returns the files of the page with their words in them.
func assets(version string) map[string]asset {
	const page = "text/html; charset=utf-8"
	return map[string]asset{
		"guide.html": {page, filled("guide.html", version)},
		"enter":      {page, filled("enter.html", version)},
		"refused":    {page, filled("refused.html", version)},
		"guide.css":  {"text/css; charset=utf-8", file("guide.css")},
		"guide.js":   {"text/javascript; charset=utf-8", file("guide.js")},
		"words.json": {"application/json", file("words.json")},
		"icon.svg":   {"image/svg+xml", file("icon.svg")},
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

// filled puts the words where a page has {{their name}}.
func filled(name, version string) []byte {
	return placeholder.ReplaceAllFunc(file(name), func(p []byte) []byte {
		name := strings.Trim(string(p), "{}")
		if name == "version" {
			return []byte(html.EscapeString(version))
		}
		text := html.EscapeString(word(name))
		text = strong.ReplaceAllString(text, "<strong>$1</strong>")
		return []byte(code.ReplaceAllString(text, "<code>$1</code>"))
	})
}
