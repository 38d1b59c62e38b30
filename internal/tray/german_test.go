package tray

import (
	"strings"
	"testing"

	"colabtray/internal/i18n"
)

// TestViewInGerman: every row that says something of its own says it in German,
// and none is too long for the menu there that is not in English.
func TestViewInGerman(t *testing.T) {
	for name, s := range scenes() {
		i18n.Use(i18n.English)
		english := view(s)
		i18n.Use("de")
		german := view(s)
		i18n.Use(i18n.English)
		if english.Icon != german.Icon || english.Primary != german.Primary {
			t.Errorf("%s: it is another view", name)
		}
		for i, row := range english.Rows {
			now := s.overview.Runtime()
			told := s.message.short != "" || now.Problem != nil || s.overview.Settings != nil || len(now.Warnings) > 0
			if row.Hidden || i <= toldRows && told || i == rowAbout || row.Text == row.Profile {
				continue
			}
			other := german.Rows[i]
			if row.Text == other.Text && row.Text != "" && row.Text != emptyLine {
				t.Errorf("%s: row %d says %q in German too", name, i, row.Text)
			}
			if strings.HasSuffix(other.Text, ellipsis) && !strings.HasSuffix(row.Text, ellipsis) {
				t.Errorf("%s: row %d is cut: %q", name, i, other.Text)
			}
			row.Text, other.Text = "", ""
			if row != other {
				t.Errorf("%s: row %d is %+v in German and not %+v", name, i, other, row)
			}
		}
	}
}
