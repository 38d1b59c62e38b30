package guide

import (
	"context"
	"net/http"
	"regexp"
	goruntime "runtime"
	"strings"

	"colabtray"
	"colabtray/internal/i18n"
)

// routeHelp adds the requests of the page about the program itself.
func (s *session) routeHelp(mux *http.ServeMux) {
	g := s.guide
	mux.HandleFunc("POST /report", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), reportTime)
		defer cancel()
		sendText(w, g.Report(ctx))
	})
	mux.HandleFunc("GET /about", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), versionsTime)
		defer cancel()
		s.sendJSON(w, http.StatusOK, about{g.versions(ctx), changesIn(colabtray.Changelog, g.Version)})
	})
	mux.HandleFunc("GET /licences", func(w http.ResponseWriter, _ *http.Request) {
		sendText(w, colabtray.Licence+"\n"+colabtray.ThirdPartyLicences())
	})
}

func sendText(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte(text))
}

// about is what the page tells of the program.
type about struct {
	Versions []versionOf `json:"versions"`
	Changes  changes     `json:"changes"`
}

// versionOf is the version of a part.
type versionOf struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// versions returns the versions of the parts that are there.
func (g *Guide) versions(ctx context.Context) []versionOf {
	now := g.Runtime.Snapshot()
	image, jupyter := g.Runtime.Versions(ctx)
	engine := ""
	if e := now.Engine; e.Version != "" {
		engine = i18n.T("versions.engineIs", "name", e.Name, "version", e.Version, "api", e.API)
	}
	var all []versionOf
	for _, part := range []versionOf{
		{i18n.T("guide.title"), g.Version},
		{i18n.T("versions.engine"), engine},
		{i18n.T("versions.image"), strings.TrimSpace(now.Image + " " + image)},
		{i18n.T("versions.jupyter"), jupyter},
		{i18n.T("versions.go"), strings.TrimPrefix(goruntime.Version(), "go") + ", " + goruntime.GOOS + "/" + goruntime.GOARCH},
	} {
		if part.Version = i18n.Line(part.Version); part.Version != "" {
			all = append(all, part)
		}
	}
	return all
}

// changes are those of one version.
type changes struct {
	Title  string         `json:"title"`
	Groups []changesGroup `json:"groups"`
}

// changesGroup are changes of a kind, such as "Fixed"; the title can be empty.
type changesGroup struct {
	Title string   `json:"title"`
	Items []string `json:"items"`
}

// changesIn returns the part of a changelog about a version: a release, or what is not
// released yet for any other version. It has the form of Keep a Changelog.
func changesIn(changelog, version string) changes {
	var unreleased changes
	for part := range strings.SplitSeq("\n"+changelog, "\n## ") {
		title, body, _ := strings.Cut(part, "\n")
		name, _, isVersion := strings.Cut(strings.TrimPrefix(title, "["), "]")
		switch {
		case !isVersion || !strings.HasPrefix(title, "["):
		case name == strings.TrimPrefix(version, "v"):
			return changes{unmarked(title), groups(body)}
		case unreleased.Title == "":
			unreleased = changes{unmarked(title), groups(body)}
		}
	}
	return unreleased
}

// groups returns the groups of a version.
func groups(body string) []changesGroup {
	all := []changesGroup{{Items: []string{}}}
	paragraph := false // the line goes on with the last item
	for line := range strings.Lines(body) {
		group := &all[len(all)-1]
		text := strings.TrimSpace(line)
		title, isTitle := strings.CutPrefix(text, "### ")
		item, isItem := strings.CutPrefix(text, "- ")
		switch {
		case isTitle:
			all = append(all, changesGroup{unmarked(title), []string{}})
		case isItem:
			group.Items = append(group.Items, item)
		case text != "" && paragraph:
			group.Items[len(group.Items)-1] += " " + text
		case text != "":
			group.Items = append(group.Items, text)
		}
		paragraph = text != "" && !isTitle
	}
	for _, group := range all {
		for i, item := range group.Items {
			group.Items[i] = unmarked(item)
		}
	}
	if len(all[0].Items) == 0 {
		all = all[1:]
	}
	return all
}

var marks = regexp.MustCompile("\\*{1,2}([^*]+)\\*{1,2}|`([^`]+)`|\\[([^]]+)\\]")

// unmarked returns a text in Markdown without its marks.
func unmarked(markdown string) string { return marks.ReplaceAllString(markdown, "$1$2$3") }
