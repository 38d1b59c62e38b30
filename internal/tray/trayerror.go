//go:build !windows

package tray

import "colabtray/internal/i18n"

// trayError is the reason why no icon can be shown. Its value ends the key of its
// text, which Error looks up in the language in use.
type trayError string

func (m trayError) Error() string { return i18n.T("tray.missing." + string(m)) }
