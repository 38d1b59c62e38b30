package desktop

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/adrg/xdg"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// A desktop starts at login what the entries in the directories "autostart" of
// XDG_CONFIG_HOME and XDG_CONFIG_DIRS say; of those with one name the first
// counts. See https://specifications.freedesktop.org/autostart-spec/latest/.
const autostartFile = "autostart/" + appID + ".desktop"

// ownEntry is the path of the person's own entry.
func ownEntry() string {
	xdg.Reload()
	return filepath.Join(xdg.ConfigHome, autostartFile)
}

// readEntry reads an entry; nil when there is none.
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

// systemEntry reads the entry that would count if the person had none; nil
// when there is none.
func systemEntry() entry {
	for _, dir := range xdg.ConfigDirs {
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

// starts reports whether the desktop that runs starts what an entry says.
func (e entry) starts() bool { return e.wanted() && isProgram(e.program()) }

// program is what has to be there for an entry to count.
func (e entry) program() string {
	if try := e.get("TryExec"); try != "" {
		return unescapeString.Replace(try)
	}
	return execProgram(e.get("Exec"))
}

// wanted reports whether nothing in an entry speaks against starting it on the
// desktop that runs.
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

// newEntry is an entry as we make it.
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

// isUnchanged reports whether an entry is as we made it, for whatever program.
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
