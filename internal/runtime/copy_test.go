package runtime

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"colabtray/internal/data"
	"colabtray/internal/problem"
	"colabtray/test/testenv"
)

// describeTree tells names, kinds, times (but of links), links and sums of all that is in a
// directory, in the words of [rig.content].
const describeTree = `
find . -mindepth 1 \( -type l -printf '0 l 1 %P %l\0' -o -printf '%T@ %y %n %P\0' \) | sed -z 's/^\([0-9]*\)[.][0-9]*/\1/' | LC_ALL=C sort -z -k 4 | tr '\0' '\n'
find . -type f -print0 | LC_ALL=C sort -z | xargs -0 -r sha256sum`

func treeOf(t *testing.T, dir string) string {
	t.Helper()
	c := exec.Command("sh", "-ec", describeTree)
	c.Dir = dir
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return strings.TrimSpace(string(out))
}

// mustCopy copies in or out, and returns what was copied.
func mustCopy(t *testing.T, do func(context.Context, data.CopyOptions) (data.Copied, error), o data.CopyOptions) data.Copied {
	t.Helper()
	c, err := do(t.Context(), o)
	if err != nil {
		t.Fatalf("copying %q and %q: %v", o.Host, o.Runtime, explained(err))
	}
	return c
}

// explained returns an error with what a problem says besides its short line.
func explained(err error) error {
	if p, is := errors.AsType[*problem.Problem](err); is {
		return errors.Join(p, errors.New(p.Hint), p.Err)
	}
	return err
}

func wantCode(t *testing.T, what string, err error, want problem.Code) {
	t.Helper()
	if p, is := errors.AsType[*problem.Problem](err); !is || p.Code != want {
		t.Errorf("%s: %v, want a problem %q", what, explained(err), want)
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o640); err != nil {
		t.Fatal(err)
	}
}

// TestCopyKeepsAll copies all that a volume can have out and in again, while there is no
// container.
func TestCopyKeepsAll(t *testing.T) {
	eachEngine(t, func(t *testing.T, r *rig) {
		r.fill()
		want := strings.TrimSpace(r.inVolume(describeTree))
		r.Open()
		out := t.TempDir()
		c := mustCopy(t, r.CopyOut, data.CopyOptions{Runtime: ".", Host: out})
		if c.Special != 0 || c.Files == 0 || c.Bytes < 10<<20 {
			t.Errorf("copied: %+v", c)
		}
		if got := treeOf(t, out); got != want {
			t.Errorf("the copy has\n%s\nwant\n%s", got, want)
		}
		mustCopy(t, r.CopyIn, data.CopyOptions{Host: out, Runtime: "back"})
		if got := strings.TrimSpace(r.inVolume("cd back\n" + describeTree)); got != want {
			t.Errorf("the copy of the copy has\n%s\nwant\n%s", got, want)
		}
		if others := r.inVolume("find back ! -user 1000; find back ! -group 100"); others != "" {
			t.Errorf("these are not Jupyter's:\n%s", others)
		}
		if left := r.inVolume("ls -d .colab-tray* 2>/dev/null || true"); left != "" {
			t.Errorf("left in the volume: %s", left)
		}
		usage, err := r.DataUsage(t.Context())
		if err != nil || usage.Free <= 0 || len(usage.Parts) < 2 || usage.Parts[0].Bytes < usage.Parts[1].Bytes || usage.Bytes < usage.Parts[0].Bytes {
			t.Errorf("the usage is %+v, %v", usage, err)
		}
		r.noHelpers()
	})
}

// TestCopyPlaces is about where a copy goes, and what is refused.
func TestCopyPlaces(t *testing.T) {
	testenv.Takes(t, "it copies files")
	t.Parallel()
	r := newRig(t, onDocker(t), testenv.FakeJupyter)
	r.fill()
	r.inVolume("mkdir proj; echo old > proj/a; ln -s /etc etc; ln -s ../../etc up; ln -s work inside; mkfifo pipe; mkdir -p .local/share/jupyter/runtime; echo secret > .local/share/jupyter/runtime/nbserver-7.json; chown -R 1000:100 .")
	r.Open()
	here := t.TempDir()
	at := func(name string) string { return here + "/" + name } // filepath.Join would lose a /.
	in := func(host, runtime string) error {
		_, err := r.CopyIn(t.Context(), data.CopyOptions{Host: host, Runtime: runtime})
		return err
	}
	out := func(runtime, host string) error {
		_, err := r.CopyOut(t.Context(), data.CopyOptions{Runtime: runtime, Host: host})
		return err
	}
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Error(explained(err))
		}
	}
	has := func(name, want string) {
		t.Helper()
		if got := r.inVolume("cat -- '" + name + "'"); strings.TrimSpace(got) != want {
			t.Errorf("%s has %q, want %q", name, got, want)
		}
	}
	write(t, at("f"), "new")
	write(t, at("proj/a"), "a")
	write(t, at("proj/sub/b"), "b")

	must(in(at("f"), "proj"))
	has("proj/f", "new")
	must(in(at("f"), "proj/a"))
	has("proj/a", "new")
	must(in(at("f"), "/home/jovyan/proj/named"))
	has("proj/named", "new")
	must(in(at("f"), "inside"))
	has("work/f", "new")
	must(in(at("proj"), "."))
	has("proj/a", "a")
	has("proj/sub/b", "b")
	has("proj/f", "new")
	must(in(at("proj"), "proj"))
	has("proj/proj/sub/b", "b")
	must(in(at("proj/."), "work"))
	has("work/sub/b", "b")
	must(in(at("proj"), "fresh"))
	has("fresh/a", "a")

	before := r.content()
	write(t, at("clash/a"), "x")
	write(t, at("clash/sub"), "a file where a folder is")
	wantCode(t, "a file in the place of a folder", in(at("clash/."), "proj"), problem.FileExists)
	wantCode(t, "a folder in the place of a file", in(at("proj"), "proj/a"), problem.FileExists)
	wantCode(t, "a folder that is missing", in(at("f"), "missing/f"), problem.NoFile)
	wantCode(t, "a folder that is missing, with a slash", in(at("f"), "missing/"), problem.NoFile)
	wantCode(t, "a file that is missing", in(at("none"), "."), problem.NoFile)
	for _, name := range []string{"/etc/passwd", "../../etc", "etc/x", "up/x", ".colab-tray-restore/x"} {
		wantCode(t, name, in(at("f"), name), problem.CopyFailed)
	}
	r.sameContent(before)

	must(out("work/a.ipynb", here))
	must(out("work/a.ipynb", at("other.ipynb")))
	must(out("work/soft", at("link")))
	if target, err := os.Readlink(at("link")); err != nil || target != "a.ipynb" {
		t.Errorf("the link leads to %q, %v", target, err)
	}
	if text, err := os.ReadFile(at("other.ipynb")); err != nil || string(text) != "{\"cells\": []}\n" {
		t.Errorf("copied: %q, %v", text, err)
	}
	must(out("proj", here))
	if text, err := os.ReadFile(at("proj/f")); err != nil || string(text) != "new" {
		t.Errorf("copied into the folder that is there: %q, %v", text, err)
	}
	write(t, at("taken/sub"), "a file")
	wantCode(t, "out: a folder in the place of a file", out("proj/.", at("taken")), problem.FileExists)
	onlyFiles(t, at("taken"), "sub")
	wantCode(t, "out: missing", out("none", here), problem.NoFile)
	wantCode(t, "out: a pipe", out("pipe", here), problem.CopyFailed)
	wantCode(t, "out: through a link", out("etc/passwd", here), problem.CopyFailed)
	wantCode(t, "out: what Jupyter wrote", out(".local/share/jupyter/runtime/nbserver-7.json", here), problem.CopyFailed)
	must(out(".local", at("local")))
	if files, _ := filepath.Glob(at("local/share/jupyter/runtime/*")); len(files) > 0 {
		t.Errorf("with a token: %v", files)
	}

	var archive bytes.Buffer
	mustCopy(t, r.CopyOut, data.CopyOptions{Runtime: "proj", Host: "-", Out: &archive})
	mustCopy(t, r.CopyIn, data.CopyOptions{Runtime: "work/empty", Host: "-", In: &archive})
	has("work/empty/proj/sub/b", "b")
	for _, hostile := range []*tar.Header{
		{Typeflag: tar.TypeReg, Name: "../x", Size: 1}, {Typeflag: tar.TypeReg, Name: "/x", Size: 1}, {Typeflag: tar.TypeLink, Name: "x", Linkname: "../../../etc/passwd"},
	} {
		var bad bytes.Buffer
		w := tar.NewWriter(&bad)
		if err := w.WriteHeader(hostile); err != nil {
			t.Fatal(err)
		}
		_, _ = w.Write(make([]byte, hostile.Size))
		_ = w.Close()
		_, err := r.CopyIn(t.Context(), data.CopyOptions{Runtime: ".", Host: "-", In: &bad})
		wantCode(t, "an archive with "+hostile.Name+hostile.Linkname, err, problem.CopyFailed)
	}

	list, err := r.ListFiles(t.Context(), "sp ace")
	if err != nil || len(list.Entries) != 4 || list.Cut {
		t.Errorf("listed: %+v, %v", list, err)
	}
	if list, err = r.ListFiles(t.Context(), "."); err != nil || list.Entries[0].Kind != data.KindFolder {
		t.Errorf("listed: %+v, %v", list, err)
	}
	r.noHelpers()
}

// TestCopyInterrupted: nothing is in place in part, on either side.
func TestCopyInterrupted(t *testing.T) {
	testenv.Takes(t, "it copies files")
	t.Parallel()
	r := newRig(t, onDocker(t), testenv.FakeJupyter)
	before := r.fill()
	r.Open()
	ctx, cancel := context.WithCancel(t.Context())
	here := t.TempDir()
	_, err := r.CopyOut(ctx, data.CopyOptions{Runtime: ".", Host: here, Progress: func(p data.Progress) {
		if p.Bytes > 1<<20 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("out: %v", err)
	}
	onlyFiles(t, here)
	ctx, cancel = context.WithCancel(t.Context())
	_, err = r.PutFiles(ctx, ".", 0, func(add func(*tar.Header, io.Reader) error) error {
		cancel()
		return add(&tar.Header{Typeflag: tar.TypeReg, Name: "half", Size: 1 << 20}, zeros{})
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("in: %v", err)
	}
	r.sameContent(before)
	r.noHelpers()
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }
