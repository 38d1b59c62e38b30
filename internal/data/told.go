package data

import (
	"strings"

	"colabtray/internal/i18n"
)

// Told returns what to tell people of a backup that was made.
func (b Backup) Told() []string {
	lines := []string{i18n.T("cli.backup.done",
		"file", b.File, "runtime", b.Runtime, "entries", i18n.T("cli.backup.entries", "count", b.Entries), "size", i18n.Bytes(b.Bytes), "packed", i18n.Bytes(b.Size))}
	if b.Omitted.Extra > 0 {
		lines = append(lines, i18n.T("cli.backup.outside", "count", b.Omitted.Extra, "dirs", strings.Join(b.Ephemeral, ", ")))
	}
	if b.Special > 0 {
		lines = append(lines, i18n.T("cli.backup.special", "count", b.Special))
	}
	if b.Relinked > 0 {
		lines = append(lines, i18n.T("cli.backup.relinked", "count", b.Relinked))
	}
	return lines
}
