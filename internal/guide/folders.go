package guide

import (
	"errors"
	"net/http"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// Folders are those that the runtime's profile has, of the machine of its engine. Changes are
// kept in the settings.
type Folders interface {
	List() ([]config.Folder, error)
	Add(f config.Folder) error
	Remove(host string) error
}

// foldersAnswer is what the page gets when it asks for the folders or changes them.
type foldersAnswer struct {
	Folders []shownFolder `json:"folders"`
	// Question is to be answered before the folder is added.
	Question string `json:"question,omitempty"`
	// Wrong tells why nothing was changed.
	Wrong string `json:"wrong,omitempty"`
	// Exists tells that there is a container, which a change does not reach before a
	// restart.
	Exists bool `json:"exists"`
}

type shownFolder struct {
	Host     string `json:"host"`
	Path     string `json:"path"`
	ReadOnly bool   `json:"readOnly"`
}

// routeFolders adds the requests of the page about folders.
func (s *session) routeFolders(mux *http.ServeMux) {
	g := s.guide
	mux.HandleFunc("POST /folders/list", func(w http.ResponseWriter, _ *http.Request) { g.answerFolders(w, "", nil) })
	mux.HandleFunc("POST /folders/add", g.addFolder)
	mux.HandleFunc("POST /folders/remove", func(w http.ResponseWriter, r *http.Request) {
		g.answerFolders(w, "", g.Folders.Remove(r.URL.Query().Get("host")))
	})
}

// addFolder adds a folder, unless the person has to confirm it first.
func (g *Guide) addFolder(w http.ResponseWriter, r *http.Request) {
	asked := r.URL.Query()
	f, short, hint := config.ParseFolder(asked.Get("host"))
	engine := g.Runtime.Snapshot().Engine
	if machine := engine.Elsewhere(); machine != "" && strings.HasPrefix(asked.Get("host"), "~") {
		short, hint = i18n.T("folders.homeHere"), i18n.T("folders.homeHereHint", "machine", machine)
	}
	if short == "" && engine.Local {
		short, hint = config.CheckFolder(f.Host)
	}
	if short != "" {
		g.answerFolders(w, "", &config.Error{Short: short, Hint: hint})
		return
	}
	f.ReadOnly = asked.Has("readOnly")
	if !asked.Has("confirmed") {
		if question := g.Runtime.FolderQuestion(r.Context(), f); question != "" {
			g.answerFolders(w, question, nil)
			return
		}
	}
	g.answerFolders(w, "", g.Folders.Add(f))
}

// answerFolders sends the folders there are now, and a question or what is wrong.
func (g *Guide) answerFolders(w http.ResponseWriter, question string, err error) {
	all, listErr := g.Folders.List()
	if err == nil {
		err = listErr
	}
	answer := foldersAnswer{Folders: []shownFolder{}, Question: question, Exists: g.Runtime.Snapshot().Container != ""}
	for _, f := range all {
		answer.Folders = append(answer.Folders, shownFolder{f.Host, f.Path, f.ReadOnly})
	}
	var wrong *config.Error
	switch {
	case errors.As(err, &wrong):
		answer.Wrong = i18n.Sentences(i18n.Sentence(wrong.Short), wrong.Hint)
	case err != nil:
		answer.Wrong = i18n.Sentence(i18n.Error(err))
	}
	text, err := i18n.JSON(answer)
	if err != nil {
		http.Error(w, "folders", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(text)
}
