package desktop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// newHome makes a home directory, a directory of system-wide settings and a program. It
// returns the paths of the autostart entries in both.
func newHome(t *testing.T) (own, system, program string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("XDG_CONFIG_HOME", dir+"/home")
	t.Setenv("XDG_CONFIG_DIRS", dir+"/none:"+dir+"/system")
	t.Setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
	script(t, dir, "colab-tray", "exit")
	return filepath.Join(dir, "home", autostartFile), filepath.Join(dir, "system", autostartFile), filepath.Join(dir, "colab-tray")
}

func wantAutostart(t *testing.T, want bool) {
	t.Helper()
	if got, err := AutostartEnabled(); err != nil || got != want {
		t.Errorf("it is %v, %v; want %v", got, err, want)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// validate checks an entry with freedesktop.org's own validator.
func validate(t *testing.T, path string) {
	t.Helper()
	testenv.NeedCommand(t, "desktop-file-validate")
	if out, err := exec.Command("desktop-file-validate", path).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("desktop-file-validate: %v: %s", err, out)
	}
}

func TestAutostartOnAndOff(t *testing.T) {
	own, _, program := newHome(t)
	wantAutostart(t, false)
	must(t, setAutostart(program, false)) // there is nothing to do
	for range 2 {
		must(t, setAutostart(program, true))
		wantAutostart(t, true)
		validate(t, own)
	}
	for range 2 {
		must(t, setAutostart(program, false))
		wantAutostart(t, false)
	}
	if files, _ := os.ReadDir(filepath.Dir(own)); len(files) > 0 {
		t.Errorf("left behind: %v", files)
	}
}

// TestAutostartEditedElsewhere switches an entry on and off that another program
// edited.
func TestAutostartEditedElsewhere(t *testing.T) {
	const end = "\n\n[Desktop Action other]\nName=Other\nExec=other\nHidden=false\n"
	for name, test := range map[string]struct {
		main    string // between the header and end; %s is the program
		enabled bool
		on, off string // the same after that
	}{
		"arguments added": {
			"Type=Application\nName=Mine\nExec=%s -v\n# mine", true,
			"Type=Application\nName=Mine\nExec=%s -v\n# mine\nX-GNOME-Autostart-enabled=true",
			"Type=Application\nName=Mine\nExec=%s -v\n# mine\nHidden=true",
		},
		"hidden": {
			"Exec=%s\nHidden=true", false,
			"Exec=%s\nX-GNOME-Autostart-enabled=true", "Exec=%s\nHidden=true",
		},
		"switched off by GNOME": {
			"Exec=%s\nX-GNOME-Autostart-enabled=false\nX-GNOME-Autostart-Delay=5", false,
			"Exec=%s\nX-GNOME-Autostart-Delay=5\nX-GNOME-Autostart-enabled=true",
			"Exec=%s\nX-GNOME-Autostart-enabled=false\nX-GNOME-Autostart-Delay=5\nHidden=true",
		},
		"for this desktop": {
			"Exec = %s\nOnlyShowIn=KDE;GNOME;", true,
			"Exec = %s\nOnlyShowIn=KDE;GNOME;\nX-GNOME-Autostart-enabled=true", "Exec = %s\nOnlyShowIn=KDE;GNOME;\nHidden=true",
		},
		"for another desktop": {
			"Exec=%s\nOnlyShowIn=XFCE;", false,
			"Exec=%s\nX-GNOME-Autostart-enabled=true", "Exec=%s\nOnlyShowIn=XFCE;\nHidden=true",
		},
		"not for this desktop": {
			"Exec=%s\nNotShowIn=GNOME", false,
			"Exec=%s\nX-GNOME-Autostart-enabled=true", "Exec=%s\nNotShowIn=GNOME\nHidden=true",
		},
		"program gone": {
			"Exec=/nowhere/colab-tray --name x\nIcon=mine", false,
			"Exec=%s\nIcon=mine\nTryExec=%s\nX-GNOME-Autostart-enabled=true",
			"Exec=/nowhere/colab-tray --name x\nIcon=mine\nHidden=true",
		},
		"nothing to start": {
			"Name=Mine", false,
			"Name=Mine\nExec=%s\nTryExec=%s\nX-GNOME-Autostart-enabled=true", "Name=Mine\nHidden=true",
		},
	} {
		t.Run(name, func(t *testing.T) {
			own, _, program := newHome(t)
			file := func(main string) string {
				return "# by another program\n[Desktop Entry]\n" + strings.ReplaceAll(main, "%s", program) + end
			}
			for on, want := range map[bool]string{true: test.on, false: test.off} {
				must(t, replaceFile(own, file(test.main)))
				wantAutostart(t, test.enabled)
				must(t, setAutostart(program, on))
				wantAutostart(t, on)
				if got, _ := os.ReadFile(own); string(got) != file(want) {
					t.Errorf("set to %v it is\n%s\nwant\n%s", on, got, file(want))
				}
			}
		})
	}
}

// TestAutostartOfTheSystem has a system-wide entry, for example from a package. The
// person's own entry overrides it.
func TestAutostartOfTheSystem(t *testing.T) {
	own, system, program := newHome(t)
	must(t, replaceFile(system, newEntry(program).String()))
	wantAutostart(t, true)
	must(t, setAutostart(program, true))
	if _, err := os.Stat(own); err == nil {
		t.Error("there is one of the person's own, for nothing")
	}
	must(t, setAutostart(program, false))
	wantAutostart(t, false)
	validate(t, own)
	must(t, setAutostart(program, true))
	wantAutostart(t, true)
	must(t, setAutostart(program, false))
	wantAutostart(t, false) // the system-wide entry does not count

	must(t, os.Remove(own))
	must(t, replaceFile(system, newEntry(program).set("Hidden", "true").String()))
	wantAutostart(t, false)
	must(t, setAutostart(program, true))
	wantAutostart(t, true)
}

func TestAutostartOfAMovedProgram(t *testing.T) {
	own, _, program := newHome(t)
	if repaired, err := RepairAutostart(); repaired || err != nil {
		t.Errorf("without a setting: %v, %v", repaired, err)
	}
	must(t, setAutostart(program, true))
	if repaired, err := RepairAutostart(); repaired || err != nil {
		t.Errorf("before it was moved: %v, %v", repaired, err)
	}
	must(t, os.Remove(program))
	wantAutostart(t, false)
	if repaired, err := RepairAutostart(); !repaired || err != nil { // the program is this test binary
		t.Errorf("after it was moved: %v, %v", repaired, err)
	}
	wantAutostart(t, true)
	validate(t, own)

	// A disabled entry stays disabled.
	must(t, replaceFile(own, newEntry("/nowhere").set("Hidden", "true").String()))
	if repaired, err := RepairAutostart(); repaired || err != nil {
		t.Errorf("switched off: %v, %v", repaired, err)
	}
}

// TestAutostartUnusualFiles: other files at the path are kept, and links are followed.
func TestAutostartUnusualFiles(t *testing.T) {
	own, _, program := newHome(t)
	must(t, os.MkdirAll(own, 0o700))
	if _, err := AutostartEnabled(); err == nil {
		t.Error("a directory is taken for an entry")
	}
	if err := setAutostart(program, true); err == nil {
		t.Error("a directory is overwritten")
	}
	must(t, os.Remove(own))
	must(t, os.WriteFile(own, make([]byte, 1<<20), 0o600))
	if err := setAutostart(program, true); err == nil {
		t.Error("a large file is overwritten")
	}
	must(t, os.Remove(own))

	target := filepath.Join(t.TempDir(), "entry")
	must(t, os.WriteFile(target, nil, 0o600))
	must(t, os.Symlink(target, own))
	must(t, setAutostart(program, true))
	wantAutostart(t, true)
	if info, err := os.Lstat(own); err != nil || info.Mode().IsRegular() {
		t.Errorf("the link has become %v, %v", info.Mode(), err)
	}
}

// TestAutostartOfStrangePaths starts programs through a desktop's own launcher, with
// every reserved character in their path.
func TestAutostartOfStrangePaths(t *testing.T) {
	testenv.NeedCommand(t, "gio")
	own, _, _ := newHome(t)
	for i, name := range []string{
		"plain", "two words", `quo"te`, `apo's`, `back\slash`, `\n`, "$HOME", "`id`", "100%", "%u %f", "a;b&c|d", "<x> (y) *?#~", "ünïcode",
	} {
		dir := filepath.Join(t.TempDir(), name)
		must(t, os.Mkdir(dir, 0o700))
		ran := filepath.Join(t.TempDir(), fmt.Sprint("ran", i))
		script(t, dir, "colab tray", "printf %s $# > "+ran)
		program := filepath.Join(dir, "colab tray")
		must(t, setAutostart(program, true))
		wantAutostart(t, true)
		validate(t, own)
		e, err := readEntry(own)
		must(t, err)
		if got := e.program(); got != program {
			t.Errorf("it is read as %s, want %s", got, program)
		}
		if got := execProgram(e.get("Exec")); got != program && !(got == "env" && strings.Contains(program, "%")) {
			t.Errorf("Exec=%s is read as %s, want %s", e.get("Exec"), got, program)
		}
		if out, err := exec.Command("gio", "launch", own).CombinedOutput(); err != nil {
			t.Errorf("%s: gio: %v: %s", name, err, out)
			continue
		}
		testenv.WaitFor(t, name, func() error {
			text, err := os.ReadFile(ran)
			if err == nil && string(text) != "0" {
				err = fmt.Errorf("it got %q arguments", text)
			}
			return err
		})
		must(t, setAutostart(program, false))
	}
}
