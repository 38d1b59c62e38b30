package packaging

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// unpack unpacks a .tar.gz and returns its one folder.
func unpack(t *testing.T, archive string) string {
	t.Helper()
	dir := t.TempDir()
	run(t, nil, "tar", "-xzf", archive, "-C", dir)
	found, _ := filepath.Glob(filepath.Join(dir, "*"))
	if len(found) != 1 {
		t.Fatalf("%s has %q, want one folder", archive, found)
	}
	return found[0]
}

// run runs a command and returns what it prints.
func run(t *testing.T, env []string, command ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), command[0], command[1:]...)
	cmd.Env = append(os.Environ(), env...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%q: %v\n%s%s", command, err, out, &stderr)
	}
	return strings.TrimSpace(string(out))
}

// TestInstallScript installs the tar.gz in a home directory, over an earlier version
// whose program runs, and removes it again. What others put there stays.
func TestInstallScript(t *testing.T) {
	t.Parallel()
	archive := unpack(t, filepath.Join(dist(t), "colab-tray-"+version+"-"+linux+".tar.gz"))
	home := t.TempDir()
	env := []string{"HOME=" + home, "PREFIX="}
	local := filepath.Join(home, ".local")
	foreign := filepath.Join(local, "share", "applications", "other.desktop")
	testenv.Write(t, foreign, "")
	before := treeOf(t, home)

	gone := filepath.Join(archive, "share", "gone", "with-the-next")
	testenv.Write(t, gone, "")
	install := []string{"sh", "-c", `cd "$1" && ./install.sh </dev/null`, "sh", archive}
	run(t, env, install...)
	program := filepath.Join(local, "bin", "colab-tray")
	running := exec.CommandContext(t.Context(), program, "guide")
	running.Env = []string{"HOME=" + home, "DOCKER_HOST=unix:///nowhere", "XDG_RUNTIME_DIR=" + t.TempDir()}
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = running.Process.Kill()
		_ = running.Wait()
	}()
	if err := os.RemoveAll(filepath.Dir(gone)); err != nil {
		t.Fatal(err)
	}
	run(t, env, install...)

	if got := run(t, env, program, "version"); !strings.Contains(got, version) {
		t.Errorf("the version is %q", got)
	}
	if _, err := os.Stat(filepath.Join(local, "share", "gone")); err == nil {
		t.Error("what the new version has not is still there")
	}
	for file, want := range map[string]string{
		"share/applications/dev.colabtray.ColabTray.desktop": "\nExec=" + program + "\nTryExec=" + program + "\n",
		"share/systemd/user/colab-tray.service":              "\nExecStart=" + program + "\n",
	} {
		if text := read(t, filepath.Join(local, file)); !strings.Contains(text, want) {
			t.Errorf("%s has no %q:\n%s", file, want, text)
		}
	}
	for _, want := range contents("/usr/share/zsh/site-functions/_colab-tray") {
		file := strings.Replace(want, "/usr", local, 1)
		file = strings.Replace(file, "/lib/systemd", "/share/systemd", 1)
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}

	if err := os.RemoveAll(archive); err != nil {
		t.Fatal(err)
	}
	run(t, env, filepath.Join(local, "share", "colab-tray", "install.sh"), "--remove")
	if after := treeOf(t, home); !slices.Equal(after, before) {
		t.Errorf("after the removal there is\n%q, and before\n%q", after, before)
	}
}

// treeOf returns the paths of all that is in a folder.
func treeOf(t *testing.T, folder string) []string {
	t.Helper()
	return strings.Fields(run(t, nil, "find", folder))
}

var placeholder = regexp.MustCompile(`@[A-Z0-9]+@`)

// TestSource builds the program from the archive of the source, as the files for Arch
// and Homebrew do: its version is that of the archive, and its bytes those of the
// tar.gz.
func TestSource(t *testing.T) {
	t.Parallel()
	folder := dist(t)
	archive := filepath.Join(folder, "colab-tray-"+version+".tar.gz")
	sum, _, _ := strings.Cut(run(t, nil, "sha256sum", archive), " ")
	for _, file := range []string{"PKGBUILD", "colab-tray.rb"} {
		text := read(t, filepath.Join(folder, file))
		if !strings.Contains(text, sum) || !strings.Contains(text, version) || placeholder.MatchString(text) {
			t.Errorf("%s is not filled in:\n%s", file, text)
		}
	}
	run(t, nil, "bash", "-n", filepath.Join(folder, "PKGBUILD"))

	source, made := unpack(t, archive), t.TempDir()
	run(t, nil, "make", "-C", source, "install", "DESTDIR="+made, "PREFIX=/usr")
	built := unpack(t, filepath.Join(folder, "colab-tray-"+version+"-"+linux+".tar.gz"))
	if err := os.Remove(filepath.Join(built, "install.sh")); err != nil {
		t.Fatal(err)
	}
	run(t, nil, "diff", "--recursive", "--brief", built, filepath.Join(made, "usr"))
}
