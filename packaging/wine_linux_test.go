package packaging

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"colabtray/assets"
	"colabtray/test/testenv"
)

// What the installer makes.
const (
	programs     = `C:\users\root\AppData\Local\Programs\Colab Tray`
	uninstallKey = `HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\Colab Tray`
	runKey       = `HKCU\Software\Microsoft\Windows\CurrentVersion\Run`
	identityKey  = `HKCU\Software\Classes\AppUserModelId\dev.colabtray.ColabTray`
)

// TestWine is the life of the program on Windows, for which Wine stands in: it is
// installed, shows each state, does the main job on a real engine, is upgraded while
// tray and runtime run, and uninstalled. The runtime outlives all of it.
func TestWine(t *testing.T) {
	t.Parallel()
	image := testenv.Image(t, testenv.Server2)
	setup := filepath.Join(dist(t), "colab-tray-"+version+"-windows-amd64-setup.exe")
	w := newWindows(t)
	testenv.Docker(t, "cp", setup, w.name+":/wine/drive_c/new-setup.exe")
	testenv.Docker(t, "cp", olderInstaller(t), w.name+":/wine/drive_c/old-setup.exe")

	w.does("wine", `C:\old-setup.exe`, "/S", "/AUTOSTART=1")
	if got := w.value(uninstallKey, "DisplayVersion"); got != olderVersion {
		t.Errorf("what is installed is said to be %q", got)
	}
	if got := w.value(runKey, "Colab Tray"); got != `"`+programs+`\Colab Tray.exe"` {
		t.Errorf("at login Windows starts %q", got)
	}
	if w.value(identityKey, "CustomActivator") == "" {
		t.Error("notifications have no identity")
	}
	var told struct{ Version, OS string }
	// By its name: the installer has put its folder into PATH.
	if err := json.Unmarshal([]byte(w.does("wine", "cmd", "/c", "colab-tray version --json")), &told); err != nil || told.Version != version || told.OS != "windows" {
		t.Errorf("it calls itself %+v (%v), want %s", told, err, version)
	}

	name := testenv.RuntimeName(t)
	settings := w.program("config", "path")
	w.write(settings, fmt.Sprintf("[profiles.jupyter]\nname = %q\nimage = %q\nport = %d\n", name, image, testenv.FreePort(t)))
	w.startTray()
	w.shows(assets.NoEngine)
	w.engine.open(t)
	w.shows(assets.Stopped)

	// The main job, with the mouse alone.
	w.engine.hold()
	w.click(assets.Stopped, 1)
	w.shows(assets.Busy)
	w.engine.release()
	w.shows(assets.Ready)
	w.showsBalloon() // Wine takes no toasts
	w.click(assets.Ready, 1)
	url := w.program("url")
	answers(t, url)
	testenv.WaitFor(t, "the Backend URL in the clipboard", func() error {
		got, err := w.tries("xclip", "-out", "-selection", "clipboard")
		if err == nil && got != url {
			err = fmt.Errorf("it has %q, not %q", got, url)
		}
		return err
	})

	testenv.Docker(t, "pause", name)
	w.shows(assets.Paused)
	testenv.Docker(t, "unpause", name)
	w.shows(assets.Ready)
	testenv.Docker(t, "exec", "--detach", name, "sh", "-c", "kill -9 -1") // all but tini
	w.shows(assets.Problem)
	url = w.program("start")
	w.shows(assets.Ready)
	answers(t, url)
	started := testenv.Docker(t, "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name)

	w.isAnswered()
	w.does("wine", `C:\new-setup.exe`, "/S")
	if got := w.value(uninstallKey, "DisplayVersion"); got != version {
		t.Errorf("after the upgrade it is said to be %q", got)
	}
	w.shows(assets.Ready) // by the new tray, which the installer started
	if got := w.program("url"); got != url {
		t.Errorf("the Backend URL is %s after the upgrade, and was %s", got, url)
	}

	w.quits(assets.Ready)
	w.showsNothing()
	w.does("wine", programs+`\uninstall.exe`, "/S")
	w.awaits("the programs to be gone", "test", "!", "-e", w.path(programs))
	for _, key := range [][]string{{uninstallKey}, {identityKey}, {runKey, "/v", "Colab Tray"}} {
		if out, err := w.tries(append([]string{"wine", "reg", "query"}, key...)...); err == nil {
			t.Errorf("%s is still there: %s", key, out)
		}
	}
	if out, err := w.tries("wine", "cmd", "/c", "colab-tray version"); err == nil {
		t.Errorf("the program is still found: %s", out)
	}
	w.does("test", "-s", w.path(settings))
	answers(t, url)
	if now := testenv.Docker(t, "inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name); now != started {
		t.Errorf("the runtime is %s, and was %s", now, started)
	}
}

const olderVersion = "0.0.9"

// olderInstaller makes an installer of the same programs as those of an older version.
func olderInstaller(t *testing.T) string {
	t.Helper()
	dir, name := t.TempDir(), "colab-tray-"+version+"-windows-amd64"
	archive, err := zip.OpenReader(filepath.Join(dist(t), name+".zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	files, err := fs.Sub(archive, name)
	if err == nil {
		err = os.CopyFS(filepath.Join(dir, name), files)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, name+".nsh"), nil, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	setup := filepath.Join(dir, "colab-tray-setup.exe")
	makeInstaller(t, "amd64-unicode", olderVersion, filepath.Join(dir, name), setup, "-DQUICK")
	return setup
}
