package guide

import (
	"cmp"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// Settings are the settings of the program, which the page shows and changes.
type Settings interface {
	// File is the path of the settings file.
	File() string
	// Apply puts what the file says into force where nobody follows the file.
	Apply()
	// Overrides are the settings of the runtime's profile that the file has no say in,
	// and what gives them: a flag or an environment variable.
	Overrides() map[config.Place]string
	// StartsAtLogin reports whether the program starts at login, which the desktop
	// keeps, and SetStartAtLogin changes it.
	StartsAtLogin() (bool, error)
	SetStartAtLogin(on bool) error
}

// maxTyped is the size of what can be typed into a field, in bytes.
const maxTyped = 64 << 10

// isTyped reports whether a request has what a person has typed as its body. It can be
// the value of a variable, which is secret and must be in no address.
func isTyped(r *http.Request) bool {
	return r.Method == http.MethodPost && (r.URL.Path == "/settings/put" || r.URL.Path == "/settings/try") &&
		r.ContentLength > 0 && r.ContentLength <= maxTyped
}

// settingsAnswer is what the page gets when it asks for the settings or changes them.
type settingsAnswer struct {
	config.Form
	File string `json:"file"`
	// Broken is what is wrong with the file, which is not changed then.
	Broken string `json:"broken,omitempty"`
	// Wrong tells why nothing was changed. Changed tells that the reason is a change
	// that the page has not seen.
	Wrong   string `json:"wrong,omitempty"`
	Changed bool   `json:"changed,omitempty"`
	// Exists tells that there is a container, which a change does not reach before a
	// restart.
	Exists bool `json:"exists"`
	// Overrides are those of the runtime's profile, if this is it.
	Overrides map[config.Place]string `json:"overrides,omitempty"`
	// Login tells whether the program starts at login; LoginWrong why that is not
	// known.
	Login      bool   `json:"login"`
	LoginWrong string `json:"loginWrong,omitempty"`
	// Language is the language in use.
	Language string `json:"language"`
}

// routeSettings adds the requests of the page about settings. Each that changes them
// has ?seen= with the revision of the file that the page shows.
func (s *session) routeSettings(mux *http.ServeMux) {
	type values struct{ profile, place, name string }
	for path, change := range map[string]func(e config.Editor, v values) (profile string, err error){
		"/unset": func(e config.Editor, v values) (string, error) {
			return v.profile, e.Unset(v.profile, config.Place(v.place))
		},
		"/undo":   func(e config.Editor, v values) (string, error) { return v.profile, e.Undo() },
		"/add":    func(e config.Editor, v values) (string, error) { return v.name, e.AddProfile(v.name, "") },
		"/copy":   func(e config.Editor, v values) (string, error) { return v.name, e.AddProfile(v.name, v.profile) },
		"/rename": func(e config.Editor, v values) (string, error) { return v.name, e.RenameProfile(v.profile, v.name) },
		"/remove": func(e config.Editor, v values) (string, error) { return "", e.RemoveProfile(v.profile) },
	} {
		mux.HandleFunc("POST /settings"+path, func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			v := values{q.Get("profile"), q.Get("place"), q.Get("name")}
			profile, err := change(s.editor(r), v)
			if err != nil {
				profile = v.profile
			}
			s.answerChange(w, profile, config.Place(v.place), err)
		})
	}
	mux.HandleFunc("POST /settings", func(w http.ResponseWriter, r *http.Request) {
		s.answerSettings(w, r.URL.Query().Get("profile"), "", nil)
	})
	mux.HandleFunc("POST /settings/put", func(w http.ResponseWriter, r *http.Request) {
		profile, place, text := s.typed(w, r)
		s.answerChange(w, profile, place, s.editor(r).Put(profile, place, text))
	})
	mux.HandleFunc("POST /settings/try", func(w http.ResponseWriter, r *http.Request) {
		profile, place, text := s.typed(w, r)
		err := config.Editor{File: s.guide.Settings.File()}.Try(profile, place, text)
		s.sendJSON(w, http.StatusOK, map[string]string{"wrong": settingWrong(place, err)})
	})
	mux.HandleFunc("POST /settings/login", func(w http.ResponseWriter, r *http.Request) {
		on, err := strconv.ParseBool(r.URL.Query().Get("on"))
		if err == nil {
			err = s.guide.Settings.SetStartAtLogin(on)
		}
		s.answerChange(w, r.URL.Query().Get("profile"), "", err)
	})
}

// editor returns an editor for a page that has seen what the request says.
func (s *session) editor(r *http.Request) config.Editor {
	return config.Editor{File: s.guide.Settings.File(), Seen: config.Revision(cmp.Or(r.URL.Query().Get("seen"), "nothing"))}
}

// typed returns what a person has typed into which field. After an error the text is
// none that is valid.
func (s *session) typed(w http.ResponseWriter, r *http.Request) (profile string, place config.Place, text string) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(headTime))
	body, err := io.ReadAll(io.LimitReader(r.Body, maxTyped))
	_ = control.SetReadDeadline(time.Time{})
	if err != nil {
		return "", "", ""
	}
	return r.URL.Query().Get("profile"), config.Place(r.URL.Query().Get("place")), string(body)
}

// answerChange sends the settings after a change, which it puts into force.
func (s *session) answerChange(w http.ResponseWriter, profile string, place config.Place, err error) {
	if err == nil {
		s.guide.Settings.Apply()
	}
	s.answerSettings(w, profile, place, err)
}

// answerSettings sends the settings of a profile as they are now, and why nothing was
// changed. Without a profile, they are those of the runtime's.
func (s *session) answerSettings(w http.ResponseWriter, profile string, place config.Place, err error) {
	settings := s.guide.Settings
	var changed *config.ChangedError
	answer := settingsAnswer{
		Form: config.Editor{File: settings.File()}.Form(cmp.Or(profile, s.guide.Runtime.Profile().Name)),
		File: settings.File(), Wrong: settingWrong(place, err), Changed: errors.As(err, &changed),
		Exists: s.guide.Runtime.Snapshot().Container != "", Language: i18n.Language(),
	}
	if answer.Profile == s.guide.Runtime.Profile().Name {
		answer.Overrides = settings.Overrides()
	}
	if broken := answer.Form.Broken; broken != nil {
		answer.Broken = broken.Error()
	}
	if answer.Login, err = settings.StartsAtLogin(); err != nil {
		answer.LoginWrong = i18n.Sentence(i18n.Error(err))
	}
	s.sendJSON(w, http.StatusOK, answer)
}

// settingWrong tells a person why the setting at a place was not changed. The reason can
// be another setting, which does not suit it.
func settingWrong(place config.Place, err error) string {
	var wrong *config.Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &wrong):
		if _, key, _ := strings.Cut(string(place), "."); key != "" && !strings.Contains(wrong.Key, key) {
			return i18n.Sentences(wrong.Key+": "+wrong.Short, wrong.Hint)
		}
		return i18n.Sentences(i18n.Sentence(wrong.Short), wrong.Hint)
	default:
		return i18n.Sentence(i18n.Error(err))
	}
}
