package colab

import (
	"errors"
	"net/url"
	"path"
	"regexp"
	"strings"

	"colabtray/internal/i18n"
)

// The pages of Colab.
const (
	HomePage        = "https://colab.research.google.com/"
	NewNotebookPage = HomePage + "#create=true"
)

// maxAddress is the longest address of a notebook, in bytes.
const maxAddress = 2000

// Notebook is a notebook that Colab can open.
type Notebook struct {
	// Name is what a person knows it by; empty for a page of Colab that is none.
	Name string `json:"name"`
	// URL is its address in Colab.
	URL string `json:"url"`
}

// paths are the addresses of notebooks at other sites, and what Colab calls them.
var paths = []struct {
	host string
	path *regexp.Regexp // of the escaped path
	in   string         // the path in Colab
}{
	{"github.com", regexp.MustCompile(`^/([\w.-]+/[\w.-]+/blob/.+\.ipynb)$`), "github/$1"},
	{"raw.githubusercontent.com", regexp.MustCompile(`^/([\w.-]+/[\w.-]+)/(?:refs/heads/)?(.+\.ipynb)$`), "github/$1/blob/$2"},
	{"gist.github.com", regexp.MustCompile(`^/([\w.-]+/[0-9a-f]{5,64})(?:/.*)?$`), "gist/$1"},
	{"drive.google.com", regexp.MustCompile(`^/file/(?:u/\d+/)?d/([\w-]{10,})(?:/.*)?$`), "drive/$1"},
}

// sites are the hosts of notebooks, and how people call them.
var sites = map[string]string{
	"github.com": "GitHub", "raw.githubusercontent.com": "GitHub", "gist.github.com": "Gist", "drive.google.com": "Drive",
}

// ParseNotebook returns the notebook at an address of GitHub, Gist, Google Drive or Colab
// itself. The error is for the person who gave the address.
func ParseNotebook(address string) (Notebook, error) {
	address = strings.TrimSpace(address)
	if !strings.Contains(address, "://") {
		address = "https://" + address
	}
	u, err := url.Parse(address)
	if err != nil || len(address) > maxAddress || u.Scheme != "https" && u.Scheme != "http" || !strings.Contains(u.Host, ".") || u.User != nil || u.Port() != "" {
		return Notebook{}, errors.New(i18n.T("notebook.noAddress"))
	}
	host := strings.TrimPrefix(strings.ToLower(u.Host), "www.")
	if clean := path.Clean("/" + u.Path); strings.TrimSuffix(u.Path, "/") != strings.TrimSuffix(clean, "/") {
		return Notebook{}, errors.New(i18n.T("notebook.noAddress"))
	}
	if "https://"+host+"/" == HomePage {
		u.Scheme, u.Host = "https", host
		return Notebook{Name: notebookName(u.Path), URL: u.String()}, nil
	}
	for _, p := range paths {
		if p.host == host && p.path.MatchString(u.EscapedPath()) {
			in := HomePage + p.path.ReplaceAllString(u.EscapedPath(), p.in)
			return ParseNotebook(in)
		}
	}
	if id := u.Query().Get("id"); host == "drive.google.com" && driveID.MatchString(id) {
		return ParseNotebook(HomePage + "drive/" + id)
	}
	if site := sites[host]; site != "" {
		return Notebook{}, errors.New(i18n.T("notebook.noNotebook", "site", site))
	}
	return Notebook{}, errors.New(i18n.T("notebook.otherSite", "site", i18n.Line(host)))
}

var driveID = regexp.MustCompile(`^[\w-]{10,}$`)

// notebookName returns the name of a notebook by its path in Colab; empty when there is
// none.
func notebookName(in string) string {
	words := strings.Split(strings.Trim(in, "/"), "/")
	switch {
	case words[0] == "github" && len(words) > 3:
		return i18n.Line(path.Base(in) + " (" + words[1] + "/" + words[2] + ")")
	case words[0] == "gist" && len(words) > 2:
		return i18n.Line("Gist " + words[2] + " (" + words[1] + ")")
	case words[0] == "drive" && len(words) > 1:
		return i18n.Line("Drive " + words[1])
	}
	return ""
}
