package guide

import (
	"embed"
	"encoding/json"
	"fmt"
	"html"
	"path"
	"regexp"
	"strings"

	"colabtray/internal/i18n"
)

//go:embed page
var files embed.FS

// pageScript is the texts and all scripts of the page as one: a browser runs them in this
// order, and would ask for each.
const pageScript = "page.js"

var scripts = []string{
	"session", "acts", "guide", "nav", "packages", "files", "folders", "connect", "notebooks", "ports",
	"settings", "check", "help", "logs", "data", "update", "resources", "kernels",
}

// texts returns the texts of the page by key, in the language in use.
func texts() map[string]string {
	all := i18n.Table("guide")
	all["lang"], all["units"] = i18n.Language(), i18n.T("number.units")
	return all
}

// asset returns the media type and content of a file of the page, with the texts in
// the language in use.
func (g *Guide) asset(name string) (kind string, body []byte) {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8", filled(name, g.Version)
	case ".js":
		words, _ := json.Marshal(texts()) // never fails for strings
		body = fmt.Appendf(nil, "\"use strict\";\nconst words = %s;\n", words)
		for _, script := range scripts {
			body = append(body, file(script+".js")...)
		}
		return "text/javascript; charset=utf-8", body
	case ".css":
		return "text/css; charset=utf-8", file(name)
	default:
		return "image/svg+xml", file(name)
	}
}

// parts returns the names of all that the page loads.
func parts() []string {
	all := []string{pageScript}
	entries, err := files.ReadDir("page")
	if err != nil {
		panic(err) // cannot happen: the folder is embedded
	}
	for _, e := range entries {
		if ext := path.Ext(e.Name()); ext != ".html" && ext != ".js" {
			all = append(all, e.Name())
		}
	}
	return all
}

func file(name string) []byte {
	text, err := files.ReadFile("page/" + name)
	if err != nil {
		panic(err) // cannot happen: the file is embedded
	}
	return text
}

var (
	placeholder = regexp.MustCompile(`\{\{([\w.-]+)\}\}`)
	strong      = regexp.MustCompile(`\*\*(.+?)\*\*`)
	code        = regexp.MustCompile("`(.+?)`")
)

// filled returns a page with each {{key}} replaced by the text of that key. In a
// text, **this** is strong and `this` is code.
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
