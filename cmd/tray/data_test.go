package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// TestDataPath goes the way of a person who deletes everything and wants it back.
func TestDataPath(t *testing.T) {
	engines(t)
	for name, image := range map[string]string{"notebook6": testenv.Notebook6, "stand-in": testenv.FakeJupyter} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := newTerminal(t, testenv.Image(t, image))
			runtime := c.get("COLAB_TRAY_NAME")
			file := filepath.Join(t.TempDir(), "b.tar.zst")

			_, errs := c.run(0, "delete", "--data")
			has(t, errs, "nothing to delete")
			_, errs = c.run(1, "backup", file)
			has(t, errs, "There are no data of "+runtime, "colab-tray start")
			_, errs = c.run(1, "restore")
			has(t, errs, "There is no backup of "+runtime)

			url, _ := c.run(0, "start")
			secret := strings.TrimSpace(strings.Split(url, "token=")[1])
			testenv.Docker(t, "exec", runtime, "sh", "-c", "echo kept > ~/work.ipynb")
			out, errs := c.run(0, "backup", file, "-v")
			has(t, errs, "Backing up", "Reading back", "is whole")
			if out != "" || strings.Contains(errs, secret) {
				t.Errorf("it prints %q, or the token in %s", out, errs)
			}
			_, errs = c.run(1, "backup", file)
			has(t, errs, "There is a file of that name", "--force")
			c.run(0, "backup", "--force", file)

			// Without a terminal to ask on it does nothing, and says that alone.
			for _, command := range [][]string{{"delete", "--data"}, {"delete"}, {"restore", file}} {
				out, errs = c.run(2, command...)
				if errs = errs[strings.Index(errs, "Nothing"):]; out != "" || errs != "Nothing was changed: there is no terminal to ask on. With --yes it goes ahead without asking.\n" {
					t.Errorf("%s said %s%s", command, out, errs)
				}
			}
			out, _ = c.run(0, "url")
			if out != url {
				t.Error("the runtime is not as it was")
			}

			_, errs = c.run(0, "delete", "--data", "--yes")
			saved := regexp.MustCompile(`kept for 7 days in (\S+)\. `).FindStringSubmatch(errs)
			if saved == nil {
				t.Fatalf("delete said %s", errs)
			}
			has(t, errs, runtime+", which runs", runtime+"-data with", "B of data", "Stopping", "Deleting", "\n    colab-tray restore\n")
			if _, err := os.Stat(saved[1]); err != nil || c.hasVolume() {
				t.Errorf("the backup: %v; the volume is there: %v", err, c.hasVolume())
			}
			_, errs = c.run(0, "restore")
			has(t, errs, "Checking", "Restoring", "has the data of "+runtime, "\n    colab-tray start\n")
			c.run(0, "start")
			if text := testenv.Docker(t, "exec", runtime, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
				t.Errorf("the notebook has become %q", text)
			}
			out, errs = c.run(0, "restore", file, "--yes", "--no-backup")
			has(t, errs, "replaces all", "started again")
			if out != "" {
				t.Errorf("it printed %q", out)
			}
			_, errs = c.run(0, "delete", "--yes")
			has(t, errs, "The data in the volume "+runtime+"-data are kept", "is deleted", "are kept in the volume "+runtime+"-data")
			_, errs = c.run(0, "delete", "--yes", "--data", "--no-backup")
			has(t, errs, "cannot be brought back", "The volume "+runtime+"-data is deleted")
		})
	}
}

// TestHandmadeWithoutVolume goes the way of a person whose notebooks no volume has.
func TestHandmadeWithoutVolume(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	runtime := c.get("COLAB_TRAY_NAME")
	testenv.Docker(t, "run", "-d", "--name", runtime, "-p", "127.0.0.1:"+c.get("COLAB_TRAY_PORT")+":8888", testenv.FakeJupyter)
	const warning = "Notebooks in /home/jovyan are in the container alone"
	_, errs := c.run(0, "start")
	has(t, errs, warning, "colab-tray backup FILE")
	testenv.Docker(t, "exec", runtime, "sh", "-c", "echo precious > ~/work.ipynb")
	_, errs = c.run(0, "status")
	has(t, errs, warning)
	out, _ := c.run(0, "status", "--json")
	has(t, out, `"unsaved":"/home/jovyan"`)
	_, errs = c.run(0, "backup", filepath.Join(t.TempDir(), "b"))
	has(t, errs, "1 file of /home/jovyan, which lies in no volume")

	_, errs = c.run(2, "delete", "--data", "--no-backup")
	has(t, errs, "--yes")
	_, errs = c.run(0, "delete", "--yes")
	has(t, errs, "in /home/jovyan", "A backup of them is made before", "The container "+runtime+" is deleted.", "kept for 7 days", "colab-tray restore")
	if strings.Contains(errs, "-data") || c.hasVolume() {
		t.Errorf("it names a volume that is not there: %s", errs)
	}
	c.run(0, "restore")
	if got := c.volume("cat work.ipynb"); got != "precious" {
		t.Errorf("the notebook has become %q", got)
	}
}

// TestHostileFiles: nothing is made or changed for a file that is no good.
func TestHostileFiles(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	dir := t.TempDir()
	good := filepath.Join(dir, "good")
	c.volume("echo precious > x")
	c.run(0, "backup", good)
	text, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	before := c.volume(content)
	broken := append([]byte(nil), text...)
	broken[len(text)/3] ^= 1
	for name, test := range map[string]struct {
		text []byte
		why  string
	}{
		"empty": {nil, "not a backup"}, "cut": {text[:len(text)/2], "cut off"}, "broken": {broken, "damaged"}, "zip": {[]byte("PK\x03\x04zip"), "not a backup"},
	} {
		file := filepath.Join(dir, name)
		if err := os.WriteFile(file, test.text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, errs := c.run(1, "restore", file, "--yes")
		has(t, errs, "cannot be restored", test.why, "Nothing was changed")
	}
	_, errs := c.run(1, "restore", dir, "--yes")
	has(t, errs, "cannot be read", "a directory")
	_, errs = c.run(1, "restore", filepath.Join(dir, "none"), "--yes")
	has(t, errs, "no such file")
	if after := c.volume(content); after != before {
		t.Errorf("the volume has become\n%s", after)
	}
}
