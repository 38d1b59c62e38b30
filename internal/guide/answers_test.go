package guide

import (
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// answer is where a person sees what became of a click, by the ids of the page.
type answer struct{ ok, failed string }

// answers has each button of the page. What starts work that goes on without the page is
// answered by the state, and by that of the work, which all pages are told.
var answers = map[string]answer{
	"retry": {"gone-note", "gone-note"},
	"start": {"state", "problem"}, "continue": {"state", "problem"}, "stop": {"state", "problem"}, "restart": {"state", "problem"},
	"show": {"url", "url-note"}, "copy": {"url-note", "url-note"},
	"logs-toggle": {"logs-view", "gone"}, "logs-save": {"the browser's downloads", "logs-waiting"}, "logs-pause": {"logs-pause", ""},
	"update-look": {"update-note", "update-note"}, "update-do": {"update-note", "update-note"}, "update-undo": {"update-note", "update-note"}, "update-cancel": {"update-note", "gone"},
	"steps-copy": {"steps-note", "steps-note"}, "notebooks-open": {"another tab", "notebooks-note"}, "notebooks-forget": {"notebooks-recent", "notebooks-note"},
	"files-toggle": {"files-box", "files-note"}, "files-cancel": {"files-sending", ""}, "files-choose": {"the browser's dialog", ""},
	"files-again": {"files-note", "files-note"}, "files-open": {"the file manager", "files-note"},
	"data-look": {"data-room", "data-room"}, "data-look-cancel": {"data-room", ""}, "data-backup": {"data-work", "data-note"}, "data-undo": {"data-question", ""},
	"data-open": {"the file manager", "data-note"}, "data-no": {"data-question", ""}, "data-yes": {"data-work", "data-note"}, "data-cancel": {"data-note", "gone"},
	"folders-add": {"folders-note", "folders-note"}, "folders-no": {"folders-question", ""}, "folders-yes": {"folders-note", "folders-note"},
	"kernels-no": {"kernels-question", ""}, "kernels-yes": {"kernels-note", "kernels-note"}, "kernels-free": {"kernels-question", ""},
	"ports-look": {"ports-list", "ports-note"}, "packages-look": {"packages-note", "packages-note"}, "packages-keep-all": {"packages-note", "packages-note"},
	"settings-add": {"settings-note", "settings-note"}, "settings-copy": {"settings-note", "settings-note"}, "settings-rename": {"settings-note", "settings-note"},
	"settings-remove": {"settings-question", ""}, "settings-no": {"settings-question", ""}, "settings-yes": {"settings-note", "settings-note"},
	"settings-undo": {"settings-note", "settings-note"}, "check-run": {"verdict", "verdict"}, "report": {"report-note", "report-note"},
}

var (
	buttonID  = regexp.MustCompile(`<button[^>]* id="([a-z-]+)"`)
	elementID = regexp.MustCompile(` id="([a-z-]+)"`)
)

// TestEveryButtonIsAnswered: of each button of the page it is told where its success and
// its failure are seen, and a script writes there. What cannot fail has no failure.
func TestEveryButtonIsAnswered(t *testing.T) {
	page := string(file("guide.html"))
	ids := func(of *regexp.Regexp) (all []string) {
		for _, match := range of.FindAllStringSubmatch(page, -1) {
			all = append(all, match[1])
		}
		return all
	}
	buttons, elements := ids(buttonID), ids(elementID)
	slices.Sort(buttons)
	if told := slices.Sorted(maps.Keys(answers)); !slices.Equal(buttons, told) {
		t.Fatalf("the buttons are %q\nthose with an answer %q", buttons, told)
	}
	scripts := allScripts()
	for button, a := range answers {
		for _, id := range []string{a.ok, a.failed} {
			outside := id == "" || strings.Contains(id, " ") // of the page
			if !outside && (!slices.Contains(elements, id) || !strings.Contains(scripts, `$("`+id+`")`)) {
				t.Errorf("%s is answered in %s, which no script writes", button, id)
			}
		}
		if !strings.Contains(scripts, `$("`+button+`")`) && !slices.Contains([]string{"start", "continue", "stop", "restart", "notebooks-open", "folders-add", "settings-add"}, button) {
			t.Errorf("no script knows %s", button)
		}
	}
}
