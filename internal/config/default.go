package config

import (
	"bytes"
	"fmt"
	"strings"

	"colabtray/internal/i18n"
)

// DefaultFile returns a settings file that explains every setting in the language
// in use. All settings in it are comments, so the file changes none.
func DefaultFile() []byte {
	s := Settings{Profile: Default(), Preferences: DefaultPreferences()}
	var b bytes.Buffer
	for _, t := range tables {
		writeComment(&b, t.explanation())
		if table := t.at(DefaultProfile); len(t.path) > 0 {
			fmt.Fprintf(&b, "#[%s]\n", dotted(table.key))
		}
		for _, one := range t.settings {
			b.WriteString("\n")
			writeComment(&b, t.explanationOf(one.key))
			fmt.Fprintf(&b, "#%s = %s\n", one.key, one.inDefaultFile(&s))
		}
		b.WriteString("\n")
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// writeComment writes a text as a TOML comment. It does not wrap lines.
func writeComment(b *bytes.Buffer, text string) {
	for line := range strings.SplitSeq(text, "\n") {
		b.WriteString(strings.TrimRight("# "+line, " ") + "\n")
	}
}

// inDefaultFile returns the default value as TOML. A setting that is shown as part
// of another setting has an empty text.
func (s setting[T]) inDefaultFile(from *T) string {
	if s.show == nil {
		return quote("")
	}
	return s.show(from)
}

// explanation returns the text that explains the table.
func (t settingTable) explanation() string { return i18n.T("setting." + t.id + ".about") }

// explanationOf returns the text that explains a setting of the table and its
// format.
func (t settingTable) explanationOf(key string) string {
	return i18n.T("setting."+t.id+"."+key, "languages", quotedChoices(i18n.Languages()))
}
