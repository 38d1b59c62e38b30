package runtime

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/data"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// sampleFiles is content of every kind that a volume can have, made by a shell.
const sampleFiles = `
set -e
mkdir -p work/empty 'sp ace' .hidden/deep dev proc sys
echo d > dev/x; echo p > proc/y; echo s > sys/z
echo '{"cells": []}' > work/a.ipynb
: > work/nothing
head -c 3000000 /dev/urandom > work/data.bin
truncate -s 8M work/sparse
printf x > "$(printf 'sp ace/new\nline')"
printf y > 'sp ace/-rf *'
printf z > 'sp ace/naïve – 😀'
printf w > "$(printf 'sp ace/bad\377utf8')"
ln work/a.ipynb work/hard
ln -s a.ipynb work/soft
ln -s /opt/conda/bin/python work/python
ln -s nowhere .hidden/dangling
echo run > .hidden/run.sh; chmod 4755 .hidden/run.sh
chmod 700 .hidden; chmod 1777 work/empty
chown -R 1000:100 .; chown 12345:54321 work/nothing
find . -mindepth 1 ! -type l -exec touch -d '2001-02-03 04:05:06' {} +
touch -h -d '2002-02-03 04:05:06' work/soft work/python
`

// inVolume runs a shell script in the volume of a runtime, past the program.
func (r *rig) inVolume(script string) string {
	r.t.Helper()
	return testenv.RunInVolume(r.t, r.host, r.profile.Volume(), script)
}

// content tells all of a volume's content: names, kinds, modes, owners, times,
// links and sums. What a Jupyter server wrote about itself is left out.
func (r *rig) content() string {
	r.t.Helper()
	if r.memory != nil {
		return r.contentInMemory()
	}
	return r.inVolume(`
		find . -path ./.local/share/jupyter/runtime/'*' -prune -o -mindepth 1 -printf '%T@ %y %m %U:%G %n %P %l\0' |
			sed -z 's/^\([0-9]*\)[.][0-9]*/\1/' | LC_ALL=C sort -z -k 6 | tr '\0' '\n'
		find . -path ./.local/share/jupyter/runtime/'*' -prune -o -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum
		stat -c 'root %a %u:%g' .`)
}

// fill makes the volume of a runtime and puts sample files into it.
func (r *rig) fill() (content string) {
	r.t.Helper()
	if r.memory != nil {
		random := make([]byte, 3_000_000)
		_, _ = rand.Read(random) // it never fails
		r.putInVolume(fstest.MapFS{
			"work/a.ipynb": {Data: []byte(`{"cells": []}`)}, "work/nothing": {}, "sp ace/naïve – 😀": {Data: []byte("z")},
			"work/data.bin": {Data: random}, "work/sparse": {Data: make([]byte, 8<<20)},
		})
		return r.content()
	}
	r.makeVolume()
	r.inVolume(sampleFiles)
	return r.content()
}

// makeVolume makes the volume of a runtime.
func (r *rig) makeVolume() {
	r.t.Helper()
	r.docker("volume", "create", "--label", "dev.colabtray.runtime="+r.profile.Runtime, r.profile.Volume())
	if r.podman != nil { // which gives a volume another owner when it is first used
		r.docker("run", "--rm", "--network", "none", "--entrypoint", "true", "--volume", r.profile.Volume()+":/home/jovyan", r.profile.Image)
	}
}

// sameContent asserts that the volume has that content.
func (r *rig) sameContent(want string) {
	r.t.Helper()
	if got := r.content(); got != want {
		r.t.Errorf("the volume has become\n%s\nwant\n%s", got, want)
	}
}

// noHelpers asserts that no helper is left.
func (r *rig) noHelpers() {
	r.t.Helper()
	if r.memory != nil {
		if left, err := r.memory.Helpers(r.t.Context(), r.profile.Runtime); err != nil || len(left) > 0 {
			r.t.Errorf("helpers are left: %v, %v", left, err)
		}
		return
	}
	if left := r.docker("ps", "-aq", "--filter", "label="+engine.LabelHelper+"="+r.profile.Runtime); left != "" {
		r.t.Errorf("helpers are left: %s", left)
	}
}

// onlyFiles asserts that a directory has only these files, and the lock.
func onlyFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		if !strings.HasSuffix(e.Name(), ".lock") {
			got = append(got, e.Name())
		}
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("the directory has %q, want %q", got, want)
	}
}

func yes(context.Context, data.Backup) (bool, error) { return true, nil }

func TestDeleteKeepsData(t *testing.T) {
	anyEngine(t, dataEngines, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		r.save("kept")
		deleted, err := r.Delete(t.Context(), data.DeleteOptions{})
		if err != nil || !reflect.DeepEqual(deleted, data.DeleteResult{Container: true, VolumeKept: true}) {
			t.Fatalf("deleted %+v, %v", deleted, err)
		}
		if s := r.Snapshot(); s.State != Absent || !s.URL.IsZero() {
			t.Errorf("deleted, but %+v", s)
		}
		if !r.HasVolume() {
			t.Error("the volume is gone")
		}
		onlyFiles(t, r.backups)
		r.mustStart()
		if text := r.saved(); text != "kept" {
			t.Errorf("the notebook has become %q", text)
		}
	})
}

func TestDeleteDataAndRestore(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.fill()
		r.Open()
		url := r.mustStart().URL
		if err := r.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		before := r.content()
		deleted, err := r.Delete(t.Context(), data.DeleteOptions{Data: true})
		if err != nil || !deleted.Container || !deleted.Volume || filepath.Dir(deleted.Backup) != r.backups {
			t.Fatalf("deleted %+v, %v", deleted, err)
		}
		r.nothingMade()
		r.noHelpers()
		onlyFiles(t, r.backups, filepath.Base(deleted.Backup))
		if info, err := os.Stat(deleted.Backup); err != nil || info.Mode() != 0o600 {
			t.Errorf("the backup is %v, %v", info.Mode(), err)
		}
		if info, err := os.Stat(r.backups); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("the directory is %v, %v", info.Mode(), err)
		}
		if again, err := r.Delete(t.Context(), data.DeleteOptions{Data: true}); err != nil || !reflect.DeepEqual(again, data.DeleteResult{}) {
			t.Errorf("deleted again: %+v, %v", again, err)
		}

		restored, err := r.Restore(t.Context(), data.RestoreOptions{})
		if err != nil || restored.From.File != deleted.Backup || restored.Backup != "" || restored.Started {
			t.Fatalf("restored %+v, %v", restored, err)
		}
		r.sameContent(before)
		r.noHelpers()
		if s := r.Snapshot(); s.State != Absent {
			t.Errorf("the state is %s", s.State)
		}
		if label := r.docker("volume", "inspect", "--format", "{{index .Labels \"dev.colabtray.runtime\"}}", r.profile.Volume()); label != r.profile.Runtime {
			t.Errorf("the volume has the label %q", label)
		}
		again := r.mustStart().URL
		r.mustServe(again)
		if again == url {
			t.Error("the token is the old one")
		}
	})
}

// TestSameNameOnTwoEngines: of two runtimes with one name each gets its own data back, and
// neither waits for work on the other's.
func TestSameNameOnTwoEngines(t *testing.T) {
	t.Parallel()
	here, box := newRig(t, inMemory(t), testenv.Notebook6), newRig(t, inMemory(t), testenv.Notebook6)
	box.profile.Runtime, box.profile.Engine, box.backups = here.profile.Runtime, "ssh://box", here.backups
	whose := map[*rig]string{here: "of this computer", box: "of the box"}
	for r, text := range whose {
		r.putInVolume(fstest.MapFS{"whose.txt": {Data: []byte(text)}})
		r.script(engine.HelperDataDir, says("", 0)) // what is restored stays where it is staged
		r.Open()
	}
	box.lockPatience = time.Millisecond
	var there data.DeleteResult
	deleted, err := here.Delete(t.Context(), data.DeleteOptions{Data: true, Progress: func(p data.Progress) {
		if p.Step == data.StepVerify && there.Backup == "" {
			if data.HasBackup(box.backups, box.profile) {
				t.Error("the other one can be undone before it was deleted")
			}
			var err error
			if there, err = box.Delete(t.Context(), data.DeleteOptions{Data: true}); err != nil {
				t.Error(err)
			}
		}
	}})
	if err != nil || there.Backup == "" || there.Backup == deleted.Backup {
		t.Fatalf("deleted %+v and %+v, %v", deleted, there, err)
	}
	for r, backup := range map[*rig]string{here: deleted.Backup, box: there.Backup} {
		if own, err := r.OwnBackups(); err != nil || len(own) != 1 || own[0].File != backup {
			t.Errorf("the own backups are %+v, %v", own, err)
		}
		if restored, err := r.Restore(t.Context(), data.RestoreOptions{}); err != nil || restored.From.File != backup {
			t.Fatalf("restored %+v, %v", restored, err)
		}
		if got := r.content(); !strings.Contains(got, fmt.Sprintf("%x", sha256.Sum256([]byte(whose[r])))) {
			t.Errorf("what was %s has become\n%s", whose[r], got)
		}
	}
}

func TestBackupAndRestoreKeepEverything(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		before := r.fill()
		r.Open()
		file := filepath.Join(t.TempDir(), "b.tar.zst")
		b, err := r.Backup(t.Context(), data.BackupOptions{File: file})
		if err != nil || b.File != file || b.Special+b.Relinked != 0 || b.Runtime != r.profile.Runtime {
			t.Fatalf("backup %+v, %v", b, err)
		}
		r.noHelpers()
		onlyFiles(t, filepath.Dir(file), "b.tar.zst")
		r.sameContent(before)

		r.inVolume("rm -rf work .hidden; echo other > other; chmod 500 .; chown 7:7 .")
		after := r.content()
		r.Problem(errorOf(r.Restore(t.Context(), data.RestoreOptions{File: file})), problem.NotEmpty)
		r.sameContent(after)
		restored, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes})
		if err != nil || restored.Started || restored.Backup == "" {
			t.Fatalf("restored %+v, %v", restored, err)
		}
		r.sameContent(before)
		// And back: what was there before is in the newest backup.
		if _, err := r.Restore(t.Context(), data.RestoreOptions{Confirm: yes}); err != nil {
			t.Fatal(err)
		}
		r.sameContent(after)
		r.noHelpers()
		if s := r.Snapshot(); s.State != Absent {
			t.Errorf("the state is %s", s.State)
		}
	})
}

// TestNoFreeSpace: what does not fit beside the data is refused before anything is
// changed.
func TestNoFreeSpace(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.fill()
		r.Open()
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		r.docker("volume", "rm", r.profile.Volume())
		r.docker("volume", "create", "--opt", "type=tmpfs", "--opt", "device=tmpfs", "--opt", "o=nr_blocks=2048", r.profile.Volume())
		var steps []data.Step
		_, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes, Progress: func(p data.Progress) {
			if !slices.Contains(steps, p.Step) {
				steps = append(steps, p.Step)
			}
		}})
		p := r.Problem(err, problem.DiskFull)
		if want := r.profile.Volume() + " has 8 MiB left"; !strings.Contains(p.Hint, want) {
			t.Errorf("the hint is %q, not %q", p.Hint, want)
		}
		if !slices.Equal(steps, []data.Step{data.StepCheck}) {
			t.Errorf("the steps were %v", steps)
		}
		r.noHelpers()
		if !r.HasVolume() {
			t.Error("the volume is gone")
		}
	})
}

func errorOf(_ data.RestoreResult, err error) error { return err }

// TestWhileItRuns makes a backup of a running runtime, which stays as it is, and
// restores it, for which it is stopped and started again.
func TestWhileItRuns(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.Open()
		first := r.mustStart()
		r.docker("exec", r.profile.Runtime, "sh", "-c", "echo one > ~/work.ipynb")
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		if s := r.Snapshot(); s.State != Ready || s.URL != first.URL {
			t.Errorf("after the backup: %+v", s)
		}
		if text, _ := os.ReadFile(file); bytes.Contains(text, []byte(first.URL.Token().Reveal())) {
			t.Error("the token is in the file")
		}
		r.docker("exec", r.profile.Runtime, "sh", "-c", "echo two > ~/work.ipynb; echo more > ~/more")
		restored, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes})
		if err != nil || !restored.Started {
			t.Fatalf("restored %+v, %v", restored, err)
		}
		s := r.untilState(Ready)
		r.mustServe(s.URL)
		if got := r.docker("exec", r.profile.Runtime, "sh", "-c", "cat ~/work.ipynb; ls ~/more ~/.colab-tray-restore 2>/dev/null || :"); got != "one" {
			t.Errorf("the runtime has %q", got)
		}
		if left := r.docker("exec", r.profile.Runtime, "sh", "-c", "ls ~/.local/share/jupyter/runtime | grep -c server-.*json"); left != "1" {
			t.Errorf("%s info files: those of the past came back", left)
		}
		r.noHelpers()
	})
}

func TestBackupRefuses(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		dir := t.TempDir()
		file := filepath.Join(dir, "b")
		r.Open()
		backup := func(o data.BackupOptions) error { _, err := r.Backup(t.Context(), o); return err }
		r.Problem(backup(data.BackupOptions{File: file}), problem.NoData)
		r.fill()
		if err := os.WriteFile(file, []byte("precious"), 0o644); err != nil {
			t.Fatal(err)
		}
		r.Problem(backup(data.BackupOptions{File: file}), problem.FileExists)
		r.Problem(backup(data.BackupOptions{File: dir, Force: true}), problem.BackupFailed)
		r.Problem(backup(data.BackupOptions{File: filepath.Join(dir, "none", "b")}), problem.BackupFailed)
		r.Problem(backup(data.BackupOptions{File: filepath.Join(file, "b")}), problem.BackupFailed)
		if text, _ := os.ReadFile(file); string(text) != "precious" {
			t.Errorf("the file has become %q", text)
		}
		onlyFiles(t, dir, "b")
		if err := backup(data.BackupOptions{File: file, Force: true}); err != nil {
			t.Error(err)
		}
		if _, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes}); err != nil {
			t.Error(err)
		}
	})
}

// TestCancelled ends each piece of work as soon as it reports a step: nothing is
// half made, and nothing is left over.
func TestCancelled(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		before := r.fill()
		r.Open()
		dir := t.TempDir()
		file := filepath.Join(dir, "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		r.inVolume("echo other > other")
		now := r.content()
		if now == before {
			t.Fatal("it did not change")
		}
		for _, test := range []struct {
			step data.Step
			work func(ctx context.Context, progress func(data.Progress)) error
		}{
			{data.StepBackup, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Backup(ctx, data.BackupOptions{File: file + "2", Progress: p})
				return err
			}},
			{data.StepVerify, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Backup(ctx, data.BackupOptions{File: file, Force: true, Progress: p})
				return err
			}},
			{data.StepBackup, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Delete(ctx, data.DeleteOptions{Data: true, Progress: p})
				return err
			}},
			{data.StepVerify, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Delete(ctx, data.DeleteOptions{Data: true, Progress: p})
				return err
			}},
			{data.StepCheck, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Restore(ctx, data.RestoreOptions{File: file, Confirm: yes, Progress: p})
				return err
			}},
			{data.StepBackup, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Restore(ctx, data.RestoreOptions{File: file, Confirm: yes, Progress: p})
				return err
			}},
			{data.StepRestore, func(ctx context.Context, p func(data.Progress)) error {
				_, err := r.Restore(ctx, data.RestoreOptions{File: file, NoBackup: true, Confirm: yes, Progress: p})
				return err
			}},
		} {
			ctx, cancel := context.WithCancel(t.Context())
			err := test.work(ctx, func(p data.Progress) {
				if p.Step == test.step {
					cancel()
				}
			})
			cancel()
			if !errors.Is(err, context.Canceled) {
				t.Errorf("cancelled at %s, it returned %v", test.step, err)
			}
			r.sameContent(now)
			r.noHelpers()
			onlyFiles(t, dir, "b")
			onlyFiles(t, r.backups)
			if s := r.Snapshot(); s.Problem != nil {
				t.Errorf("cancelled at %s, there is the problem %+v", test.step, s.Problem)
			}
		}
		if _, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes}); err != nil {
			t.Fatal(err)
		}
		r.sameContent(before)

		// What has begun to be deleted is deleted to its end.
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		deleted, err := r.Delete(ctx, data.DeleteOptions{Data: true, NoBackup: true, Progress: func(p data.Progress) {
			if p.Step == data.StepDelete {
				cancel()
			}
		}})
		if err != nil || !deleted.Volume || r.HasVolume() {
			t.Errorf("cancelled when it deletes: %+v, %v; the volume is there: %v", deleted, err, r.HasVolume())
		}
	})
}

// TestOthersUseTheVolume: nothing is taken from under another container.
func TestOthersUseTheVolume(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		before := r.fill()
		other := r.neighbour().profile.Runtime
		r.docker("run", "-d", "--name", other, "--entrypoint", "sleep", "-v", r.profile.Volume()+":/mnt", r.profile.Image, "1000")
		r.Open()
		_, err := r.Delete(t.Context(), data.DeleteOptions{Data: true})
		if p := r.Problem(err, problem.DataInUse); !strings.Contains(p.Hint, other) {
			t.Errorf("the hint is %q", p.Hint)
		}
		onlyFiles(t, r.backups)
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Errorf("a backup disturbs nobody: %v", err)
		}
		_, err = r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes})
		r.Problem(err, problem.DataInUse)
		r.sameContent(before)
		r.docker("rm", "-f", other)
		if _, err := r.Delete(t.Context(), data.DeleteOptions{Data: true}); err != nil {
			t.Error(err)
		}
	})
}

// TestNoPlaceForBackups: the directory of backups is a file.
func TestNoPlaceForBackups(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		before := r.fill()
		if err := os.WriteFile(r.backups, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		r.Open()
		_, err := r.Delete(t.Context(), data.DeleteOptions{Data: true})
		if p := r.Problem(err, problem.BackupFailed); p.Short != i18n.T("problem.backupDir") {
			t.Errorf("the problem is %q", p.Short)
		}
		r.sameContent(before)
	})
}

// spoiling returns a progress function that changes one byte of the unfinished
// backup in the directory when that file begins to be read back.
func spoiling(t *testing.T, dir string) func(data.Progress) {
	var once sync.Once
	return func(p data.Progress) {
		if p.Step == data.StepVerify {
			once.Do(func() {
				if err := spoil(dir); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func spoil(dir string) error {
	parts, err := filepath.Glob(filepath.Join(dir, ".*.part"))
	if err != nil || len(parts) != 1 {
		return fmt.Errorf("the unfinished files are %q, %w", parts, err)
	}
	f, err := os.OpenFile(parts[0], os.O_RDWR, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	var b [1]byte
	at := info.Size() / 2
	if _, err := f.ReadAt(b[:], at); err != nil {
		return err
	}
	b[0] ^= 1
	_, err = f.WriteAt(b[:], at)
	return err
}

// TestFailedBackupDeletesNothing: the disk does not keep what was written to it.
// Then no backup is made, nothing is deleted, and nothing is replaced.
func TestFailedBackupDeletesNothing(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.fill()
		r.Open()
		dir := t.TempDir()
		file := filepath.Join(dir, "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		r.inVolume("echo other > other")
		now := r.content()
		unchanged := func(err error, short string) {
			t.Helper()
			if p := r.Problem(err, problem.BackupFailed); p.Short != i18n.T(short) {
				t.Errorf("the problem is %q, want %q", p.Short, i18n.T(short))
			}
			r.sameContent(now)
			r.noHelpers()
			onlyFiles(t, dir, "b")
			onlyFiles(t, r.backups)
		}
		_, err := r.Backup(t.Context(), data.BackupOptions{File: file + "2", Progress: spoiling(t, dir)})
		unchanged(err, "problem.unverified")
		_, err = r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes, Progress: spoiling(t, r.backups)})
		unchanged(err, "problem.unsaved")
		_, err = r.Delete(t.Context(), data.DeleteOptions{Data: true, Progress: spoiling(t, r.backups)})
		unchanged(err, "problem.undeleted")

		// What a container alone has is copied before that container goes.
		name := r.profile.Runtime
		r.docker("run", "--name", name, "--network", "none", "--label", engine.LabelRuntime+"="+name, "--volume", r.profile.Volume()+":/data",
			"--entrypoint", "sh", r.profile.Image, "-c", "echo alone > ~/alone; head -c 1000000 /dev/urandom > ~/random")
		made := r.id()
		r.until("the container", func(s Snapshot) bool { return s.Container == made })
		_, err = r.Delete(t.Context(), data.DeleteOptions{Progress: spoiling(t, r.backups)})
		unchanged(err, "problem.undeleted")
		if r.id() != made {
			t.Error("the container is gone, and its files with it")
		}
	})
}

func TestDataSize(t *testing.T) {
	anyEngine(t, dataEngines, func(t *testing.T, r *rig) {
		r.Open()
		if size, there, err := r.DataSize(t.Context()); there || size != 0 || err != nil {
			t.Errorf("without a volume: %d, %v, %v", size, there, err)
		}
		r.fill()
		size, there, err := r.DataSize(t.Context())
		if !there || size < 3_000_000 || size > 20_000_000 || err != nil {
			t.Errorf("got %d, %v, %v", size, there, err)
		}
	})
}

// TestDataSizeIsNotNeeded: that somebody else asks for the size stands in no
// one's way.
func TestDataSizeIsNotNeeded(t *testing.T) {
	realEngine(t)
	r := newRig(t, onDocker(t), testenv.FakeJupyter)
	r.fill()
	engine := newCounter(t, r.host)
	r.host = engine.address
	r.Open()
	engine.diskBusy.Store(2)
	if size, there, err := r.DataSize(t.Context()); !there || size < 3_000_000 || err != nil {
		t.Errorf("asked again: %d, %v, %v", size, there, err)
	}
	engine.diskBusy.Store(1000)
	if size, there, err := r.DataSize(t.Context()); !there || size >= 0 || err != nil {
		t.Errorf("never told: %d, %v, %v", size, there, err)
	}
	ended, end := context.WithCancel(t.Context())
	end()
	if _, _, err := r.DataSize(ended); err == nil {
		t.Error("whoever asked is gone, and got an answer")
	}
}

// TestBusy: two programs do not work on the same data at a time.
func TestBusy(t *testing.T) {
	anyEngine(t, dataEngines, func(t *testing.T, r *rig) {
		before := r.fill()
		r.Open()
		r.lockPatience = time.Millisecond
		file := filepath.Join(t.TempDir(), "b")
		_, err := r.Backup(t.Context(), data.BackupOptions{File: file, Progress: func(p data.Progress) {
			if p.Step != data.StepBackup || p.Bytes < 5<<20 {
				return
			}
			_, err := r.Delete(t.Context(), data.DeleteOptions{Data: true})
			r.Problem(err, problem.Busy)
			_, err = r.Backup(t.Context(), data.BackupOptions{File: file + "2"})
			r.Problem(err, problem.Busy)
		}})
		if err != nil {
			t.Fatal(err)
		}
		r.sameContent(before)
	})
}

// beside is another program that has the same runtime.
func (r *rig) beside() *Manager {
	r.t.Helper()
	first, stop := r.Manager, r.stop
	r.Open()
	another := r.Manager
	r.t.Cleanup(r.stop)
	r.Manager, r.stop = first, stop
	return another
}

// TestReadingIsNotInTheWay: beside who reads files, a backup is made and files are listed,
// also by another program, and a delete waits instead of saying that it is busy.
func TestReadingIsNotInTheWay(t *testing.T) {
	oneEngine(t, func(t *testing.T, r *rig) {
		before := r.fill()
		r.Open()
		another := r.beside()
		another.lockPatience = time.Millisecond
		if err := another.reachable(t.Context()); err != nil { // Docker tells nothing of a container while a test has it wait
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "b")
		listed := false
		backUp := func() error {
			_, err := r.Backup(t.Context(), data.BackupOptions{File: file, Progress: func(p data.Progress) {
				if listed || p.Step != data.StepBackup || p.Bytes < 5<<20 {
					return
				}
				listed = true
				if l, err := r.ListFiles(t.Context(), "."); err != nil || len(l.Entries) == 0 {
					t.Errorf("during a backup, the list is %v, %v", l, explained(err))
				}
				if l, err := another.ListFiles(t.Context(), "."); err != nil || len(l.Entries) == 0 {
					t.Errorf("during a backup, the list of another program is %v, %v", l, explained(err))
				}
				_, err := another.Backup(t.Context(), data.BackupOptions{File: file})
				r.Problem(err, problem.Busy)
			}})
			return err
		}
		begun, deleted := make(chan struct{}), make(chan error, 1)
		err := r.ReadFile(t.Context(), ".", func(o data.Opened) error {
			if err := backUp(); err != nil {
				t.Errorf("beside who reads, a backup fails: %v", explained(err))
			}
			go func() {
				close(begun)
				_, err := r.Delete(t.Context(), data.DeleteOptions{})
				deleted <- err
			}()
			<-begun
			_, err := o.Tar(t.Context(), io.Discard)
			select {
			case err := <-deleted:
				t.Errorf("a delete did not wait: %v", err)
				deleted <- err
			default:
			}
			return err
		})
		if err := errors.Join(err, <-deleted); err != nil || !listed {
			t.Errorf("listed: %t, %v", listed, explained(err))
		}
		r.sameContent(before)
		r.noHelpers()
	})
}

// TestSwappedFile: while the person is asked, the file that was checked becomes
// another one.
func TestSwappedFile(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.fill()
		r.Open()
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		r.inVolume("echo other > other")
		before := r.content()
		_, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: func(context.Context, data.Backup) (bool, error) {
			text, err := os.ReadFile(file)
			if err != nil {
				return false, err
			}
			text[len(text)/2] ^= 1
			return true, os.WriteFile(file, text, 0o600)
		}})
		if p := r.Problem(err, problem.BadBackup); !strings.Contains(p.Hint, "changed while it was read") {
			t.Errorf("the hint is %q", p.Hint)
		}
		r.sameContent(before)
		r.noHelpers()

		// And where there is no volume, none is left.
		r.docker("volume", "rm", r.profile.Volume())
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		text[len(text)/2] ^= 1
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = r.Restore(ctx, data.RestoreOptions{File: file, Progress: func(p data.Progress) {
			if p.Step == data.StepRestore {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || r.HasVolume() {
			t.Errorf("it returned %v; the volume is there: %v", err, r.HasVolume())
		}
		r.noHelpers()
	})
}

// TestFoldersOfTheHost are no part of a backup, and not touched by a restore,
// though they are mounted below the data.
func TestFoldersOfTheHost(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		host := t.TempDir()
		if err := os.WriteFile(filepath.Join(host, "private"), []byte("host"), 0o644); err != nil {
			t.Fatal(err)
		}
		r.profile.Folders = []config.Folder{{Host: host, Path: "/home/jovyan/host"}}
		r.Open()
		r.mustStart()
		r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/host/private")
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		if _, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes}); err != nil {
			t.Fatal(err)
		}
		if got := r.inVolume("ls -A host"); got != "" {
			t.Errorf("the volume has %q of the host", got)
		}
		if text := r.docker("exec", r.profile.Runtime, "cat", "/home/jovyan/host/private"); text != "host" {
			t.Errorf("the file of the host has become %q", text)
		}
		if _, err := r.Delete(t.Context(), data.DeleteOptions{Data: true}); err != nil {
			t.Fatal(err)
		}
		if text, err := os.ReadFile(filepath.Join(host, "private")); string(text) != "host" {
			t.Errorf("the file of the host is %q, %v", text, err)
		}
	})
}

// TestDeleteWhileStarting cancels the start, and a start that comes meanwhile
// waits for the end of the delete.
func TestDeleteWhileStarting(t *testing.T) {
	anyEngine(t, eachServer, func(t *testing.T, r *rig) {
		r.Open()
		r.untilState(Absent)
		enough := r.slowly()
		started := make(chan error, 1)
		go func() { started <- r.Start(t.Context()) }()
		r.untilState(Starting)
		again := make(chan error, 1)
		deleted, err := r.Delete(t.Context(), data.DeleteOptions{Data: true, NoBackup: true, Progress: func(p data.Progress) {
			if p.Step == data.StepDelete {
				enough()
				go func() { again <- r.Start(t.Context()) }()
			}
		}})
		if err != nil || deleted.Backup != "" {
			t.Errorf("deleted %+v, %v", deleted, err)
		}
		if err := <-again; err != nil {
			t.Errorf("the start that came meanwhile: %v", err)
		}
		if err := <-started; err != nil { // it may be content with the second start
			r.Problem(err, problem.Cancelled)
		}
		r.mustServe(r.untilState(Ready).URL)
	})
}

// TestStartedByOthers: while a backup is made of what is there, somebody starts
// the runtime that was stopped to be restored.
func TestStartedByOthers(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.Open()
		r.mustStart()
		r.docker("exec", r.profile.Runtime, "sh", "-c", "echo one > ~/work.ipynb")
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		r.docker("exec", r.profile.Runtime, "sh", "-c", "echo two > ~/work.ipynb")
		_, err := r.Restore(t.Context(), data.RestoreOptions{File: file, Confirm: yes, Progress: func(p data.Progress) {
			if p.Step == data.StepVerify {
				r.docker("start", r.profile.Runtime)
			}
		}})
		r.Problem(err, problem.Cancelled)
		if text := r.docker("exec", r.profile.Runtime, "sh", "-c", "cat ~/work.ipynb; ls -d ~/.colab-tray-restore || :"); text != "two" {
			t.Errorf("the runtime has %q", text)
		}
		r.noHelpers()
	})
}

// truncatingWriter is an engine whose archives of the data end too early, as they do
// when a file becomes shorter while it is read.
type truncatingWriter struct {
	engine.Engine
	engine.Volumes
	times int
}

func (e *truncatingWriter) Unwrap() engine.Engine { return e.Engine }

func (e *truncatingWriter) ReadHelper(ctx context.Context, id, path string) (io.ReadCloser, error) {
	archive, err := e.Volumes.ReadHelper(ctx, id, path)
	if e.times--; e.times >= 0 && err == nil {
		archive = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(archive, 1<<20), archive}
	}
	return archive, err
}

// limping is an engine that reports an error for the first helpers that are to be
// started, or for what is to be unpacked in one.
type limping struct {
	engine.Engine
	engine.Volumes
	starts  int // how many helpers fail to start
	obeys   bool
	unpacks bool
	failed  func()
}

func (e *limping) Unwrap() engine.Engine { return e.Engine }

func (e *limping) Start(ctx context.Context, id string) error {
	if e.starts--; e.starts < 0 {
		return e.Engine.Start(ctx, id)
	}
	e.failed()
	if e.obeys {
		if err := e.Engine.Start(ctx, id); err != nil {
			return err
		}
	}
	return engine.ErrDiskFull // with which no other image is tried
}

func (e *limping) Unpack(ctx context.Context, id, path string, archive io.Reader) error {
	if e.unpacks {
		return e.Volumes.Unpack(ctx, id, path, archive)
	}
	return engine.ErrDiskFull
}

// TestRestoreThatFails: when a step of a restore fails, the data are the old ones,
// unless the new ones have begun to count, and nothing is left over.
func TestRestoreThatFails(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		restored := r.fill()
		r.Open()
		r.untilState(Absent)
		file := filepath.Join(t.TempDir(), "b")
		if _, err := r.Backup(t.Context(), data.BackupOptions{File: file}); err != nil {
			t.Fatal(err)
		}
		for _, test := range []struct {
			name   string
			engine limping
			want   bool // that the data of the backup are there
			later  bool // only the next operation puts the volume in order
			cancel bool
		}{
			{name: "not unpacked", engine: limping{}},
			{name: "not started", engine: limping{unpacks: true, starts: 1}},
			{name: "not started, and nobody waits", engine: limping{unpacks: true, starts: 1}, cancel: true},
			{name: "started, but no answer", engine: limping{unpacks: true, starts: 1, obeys: true}, want: true},
			{name: "not started, and no undo", engine: limping{unpacks: true, starts: 2}, later: true},
		} {
			r.inVolume("rm -rf work; echo other > other")
			before := r.content()
			ctx, cancel := context.WithCancel(t.Context())
			test.engine.failed = func() {
				if test.cancel {
					cancel()
				}
			}
			err := r.restoreAt(ctx, file, &test.engine)
			cancel()
			var p *problem.Problem
			switch {
			case (err == nil) != test.want:
				t.Errorf("%s: it returned %v", test.name, err)
			case errors.As(err, &p) != test.later || p != nil && p.Short != i18n.T("problem.unfinished"):
				t.Errorf("%s: the problem is %v", test.name, err)
			}
			if test.later {
				if err := r.data(nil).RecoverInterrupted(t.Context()); err != nil {
					t.Errorf("%s: the next operation: %v", test.name, err)
				}
			}
			if want := map[bool]string{false: before, true: restored}[test.want]; r.content() != want {
				t.Errorf("%s: the volume has become\n%s\nwant\n%s", test.name, r.content(), want)
			}
			r.noHelpers()
		}
	})
}

// restoreAt replaces the data by those of a file, past the manager.
func (r *rig) restoreAt(ctx context.Context, file string, which *limping) error {
	r.t.Helper()
	d := r.data(nil)
	which.Engine = d.Engine
	which.Volumes, _ = engine.As[engine.Volumes](d.Engine)
	d.Engine = which
	f, err := d.Open(file)
	if err != nil {
		r.t.Fatal(err)
	}
	defer f.Close()
	from, err := d.Check(ctx, f, false)
	if err != nil {
		r.t.Fatal(err)
	}
	return d.Replace(ctx, f, from)
}

func TestDataThatChange(t *testing.T) {
	dataEngines(t, func(t *testing.T, r *rig) {
		r.fill()
		r.Open()
		r.untilState(Absent) // which engine it is, is known
		dir := t.TempDir()
		d := r.data(nil)
		volumes, _ := engine.As[engine.Volumes](d.Engine)
		d.Engine = &truncatingWriter{d.Engine, volumes, 2}
		if _, err := d.BackupFile(t.Context(), data.BackupOptions{File: filepath.Join(dir, "a")}); err != nil {
			t.Errorf("cut off twice: %v", err)
		}
		d.Engine = &truncatingWriter{d.Engine, volumes, 100}
		_, err := d.BackupFile(t.Context(), data.BackupOptions{File: filepath.Join(dir, "b")})
		r.Problem(d.Problem(t.Context(), err), problem.BackupFailed)
		onlyFiles(t, dir, "a")
		r.noHelpers()
	})
}

// listless is an engine that fails to list its images, as Podman does while somebody
// removes one, and always when one is damaged.
type listless struct {
	engine.Engine
	engine.Volumes
}

func (e *listless) Unwrap() engine.Engine { return e.Engine }

func (e *listless) Images(context.Context) ([]string, error) {
	return nil, errors.New("image not known")
}

// TestImagesAreNotListed works on data although other images than the runtime's cannot be
// listed.
func TestImagesAreNotListed(t *testing.T) {
	t.Parallel()
	r := newRig(t, inMemory(t), testenv.Notebook6)
	r.putInVolume(fstest.MapFS{"a.txt": {Data: []byte("a")}})
	r.Open()
	r.untilState(Absent) // which engine it is, is known
	file := filepath.Join(t.TempDir(), "a")
	d := r.data(nil)
	volumes, _ := engine.As[engine.Volumes](d.Engine)
	d.Engine = &listless{d.Engine, volumes}
	if _, err := d.BackupFile(t.Context(), data.BackupOptions{File: file}); err != nil {
		t.Error(err)
	}
	d.Profile.Image = "nobody/has:this"
	if _, err := d.BackupFile(t.Context(), data.BackupOptions{File: file + "2"}); err == nil || !strings.Contains(err.Error(), "image not known") {
		t.Errorf("without an image, the error is %v", err)
	}
}
