package tray

import (
	"strings"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/runtime"
)

// TestViewTranslated: in every language each row that says something of its own says
// it in that language, and none is too long for the menu that is not in English.
func TestViewTranslated(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for name, s := range viewInputs() {
		i18n.Use(i18n.English)
		english := view(s)
		for _, language := range i18n.Languages()[1:] {
			i18n.Use(language)
			translated := view(s)
			if english.Icon != translated.Icon || english.Primary != translated.Primary {
				t.Errorf("%s: it is another view in %s", name, language)
			}
			for i, row := range english.Rows {
				now := s.overview.Runtime()
				told := s.message.short != "" || now.Problem != nil || s.overview.Settings != nil || len(now.Warnings) > 0 || now.Waiting.Said != ""
				if row.Hidden || i <= toldRows && told || i == rowAbout || row.Text == row.Profile {
					continue
				}
				other := translated.Rows[i]
				same := row.Text == "" || row.Text == emptyLine || row.Text == i18n.T("tray.row.notifications") // as in French
				if row.Text == other.Text && !same {
					t.Errorf("%s: row %d says %q in %s too", name, i, row.Text, language)
				}
				if strings.HasSuffix(other.Text, ellipsis) && !strings.HasSuffix(row.Text, ellipsis) {
					t.Errorf("%s: row %d is cut in %s: %q", name, i, language, other.Text)
				}
				row.Text, other.Text = "", ""
				if row != other {
					t.Errorf("%s: row %d is %+v in %s and not %+v", name, i, other, language, row)
				}
			}
		}
	}
}

// TestBuiltInProfilesAreExplained: whatever the state, the row of a built-in profile says
// in each language what it is and how big.
func TestBuiltInProfilesAreExplained(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for _, language := range i18n.Languages() {
		i18n.Use(language)
		for name, p := range config.BuiltIn() {
			for state := runtime.Unknown; state <= runtime.Failed; state++ {
				s := snapshot(state)
				s.Profile, s.Image, s.Progress, s.IdleStopAt = name, p.Image, engine.Progress{LayersDone: 17, Layers: 20, Bytes: 11_100_000_000, Total: 12_300_000_000}, time.Now()
				row := entryOf(selectProfile).text(viewInput{derived: derived{listed: []runtime.Snapshot{s}}})
				if !strings.HasPrefix(row, name) || !strings.Contains(row, p.About()) {
					t.Errorf("in %s, the row of a profile that is %s is %q", language, state, row)
				}
			}
		}
	}
}
