package desktop

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// autostartFile is the path of our entry below XDG_CONFIG_HOME or one of
// XDG_CONFIG_DIRS. At login a desktop starts the entries in the directories
// "autostart" there; of several entries with the same name the first one counts. See
// https://specifications.freedesktop.org/autostart-spec/latest/.
const autostartFile = "autostart/" + appID + ".desktop"

// ownEntry returns the path of the entry in the person's own configuration.
func ownEntry() string {
	return filepath.Join(config.Directories().Config, autostartFile)
}

// readEntry reads an entry. It returns nil when there is none.
func readEntry(path string) (entry, error) {
	const most = 64 << 10
	f, err := config.OpenRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil {
		return nil, errors.New(i18n.T("desktop.noEntry", "file", path))
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, most+1))
	if len(text) > most {
		return nil, errors.New(i18n.T("desktop.noEntry", "file", path))
	}
	return parseEntry(string(text)), err
}

// systemEntry reads the entry that counts if the person has none of their own. It
// returns nil when there is none.
func systemEntry() entry {
	for _, dir := range config.Directories().SystemConfig {
		if e, err := readEntry(filepath.Join(dir, autostartFile)); e != nil && err == nil {
			return e
		}
	}
	return nil
}

func autostartEnabled() (bool, error) {
	e, err := readEntry(ownEntry())
	if err != nil {
		return false, err
	}
	if e == nil {
		e = systemEntry()
	}
	return e.starts(), nil
}

// starts reports whether the current desktop starts the program of an entry.
func (e entry) starts() bool { return e.wanted() && isProgram(e.program()) }

// program returns the program that must exist for an entry to count.
func (e entry) program() string {
	if try := e.get("TryExec"); try != "" {
		return unescapeString.Replace(try)
	}
	return execProgram(e.get("Exec"))
}

// wanted reports whether an entry is enabled on the current desktop.
func (e entry) wanted() bool {
	return e.get("Exec") != "" && e.get("Hidden") != "true" && e.get("X-GNOME-Autostart-enabled") != "false" && e.isForThisDesktop()
}

func (e entry) isForThisDesktop() bool {
	names := strings.Split(os.Getenv("XDG_CURRENT_DESKTOP"), ":")
	lists := func(key string) bool {
		return slices.ContainsFunc(strings.Split(e.get(key), ";"), func(name string) bool {
			return name != "" && slices.Contains(names, name)
		})
	}
	return (e.get("OnlyShowIn") == "" || lists("OnlyShowIn")) && !lists("NotShowIn")
}

// newEntry returns the entry that starts a program at login.
func newEntry(program string) entry {
	return parseEntry(`[Desktop Entry]
Type=Application
Version=1.0
Name=Colab Tray
Comment=Run Colab notebooks on this computer
Icon=` + appID + `
Exec=` + quoteExec(program) + `
TryExec=` + escapeString.Replace(program) + `
Terminal=false
StartupNotify=false
X-GNOME-Autostart-enabled=true
`)
}

// isUnchanged reports whether an entry is one that newEntry returns for some program.
func (e entry) isUnchanged() bool {
	const exec, try = "Exec", "TryExec"
	return slices.Equal(e.without(exec, try), newEntry("").without(exec, try))
}

func setAutostart(program string, on bool) error {
	own := ownEntry()
	e, err := readEntry(own)
	if err != nil {
		return err
	}
	system := systemEntry()
	switch {
	case !on && e == nil && system == nil:
		return nil
	case !on && system == nil && e.isUnchanged():
		return os.Remove(own)
	case !on && e == nil:
		return replaceFile(own, system.set("Hidden", "true").String())
	case !on:
		return replaceFile(own, e.set("Hidden", "true").String())
	case e == nil && system.starts():
		return nil
	case e == nil:
		return replaceFile(own, newEntry(program).String())
	}

	e = e.without("Hidden", "X-GNOME-Autostart-enabled")
	if !e.isForThisDesktop() {
		e = e.without("OnlyShowIn", "NotShowIn")
	}
	if !isProgram(e.program()) {
		e = e.set("Exec", quoteExec(program)).set("TryExec", escapeString.Replace(program))
	}
	return replaceFile(own, e.set("X-GNOME-Autostart-enabled", "true").String())
}

func repairAutostart(program string) (bool, error) {
	e, err := readEntry(ownEntry())
	if err != nil || e == nil || !e.wanted() || isProgram(e.program()) {
		return false, err
	}
	return true, setAutostart(program, true)
}
