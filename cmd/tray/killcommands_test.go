package main

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"colabtray/test/testenv"
)

// volume runs a script in the volume of the runtime, which it makes if there is
// none.
func (c *terminal) volume(script string) string {
	c.t.Helper()
	return testenv.RunInVolume(c.t, c.get("DOCKER_HOST"), c.get("COLAB_TRAY_NAME")+"-data", script)
}

func (c *terminal) hasVolume() bool {
	return c.docker("volume", "ls", "-q", "--filter", "name=^"+c.get("COLAB_TRAY_NAME")+"-data$") != ""
}

const (
	oldData = `rm -rf ..?* .[!.]* *; mkdir -p old/empty both .o; head -c 2000000 /dev/urandom > old/data; echo old > both/file; echo o > .o/x; ln -s both link; chown -R 1000:100 .`
	newData = `rm -rf ..?* .[!.]* *; mkdir -p new both; head -c 3000000 /dev/urandom > new/data; echo new > both/file; ln new/data hard; chown -R 1000:100 .`
	// content leaves out what Jupyter writes when it starts.
	content = `find . -mindepth 1 -maxdepth 1 \( -name .local -o -name .jupyter -o -name .ipython -o -name .config -o -name .cache -o -name .npm \) -prune -o \
		-mindepth 1 -printf '%P %y %m %U %l\n' | sort; find old new both .o hard -type f -exec sha256sum {} + 2>/dev/null | sort`
)

// killTest is a runtime whose commands are killed, and the files that are made
// of its data.
type killTest struct {
	*terminal
	*killProxy
	name string // of the runtime
	dir  string // for files
	file string // a backup of newData
	new  string // the content of newData
}

// dataCommand is a command that changes data.
type dataCommand struct {
	name   string
	args   []string // FILE is the backup, OTHER another file
	absent bool     // there is neither container nor volume
	// done is what the volume has when it is done.
	done func(k *killTest, before string) string
}

// TestKilledAtAnyPoint kills each command that changes data at each request
// of it, runs one ordinary command, and counts.
func TestKilledAtAnyPoint(t *testing.T) {
	engines(t)
	replaced := func(k *killTest, _ string) string { return k.new }
	kept := func(_ *killTest, before string) string { return before }
	gone := func(*killTest, string) string { return "" }
	for engine, make := range map[string]func(t *testing.T) *terminal{
		"docker": func(t *testing.T) *terminal { return newTerminal(t, testenv.Image(t, testenv.FakeJupyter)) },
		"podman": func(t *testing.T) *terminal { return newPodmanTerminal(t, testenv.FakeJupyter) },
	} {
		for _, test := range []dataCommand{
			{name: "restore", args: []string{"restore", "FILE", "--yes"}, done: replaced},
			{name: "restore into nothing", args: []string{"restore", "FILE", "--yes"}, absent: true, done: replaced},
			{name: "delete", args: []string{"delete", "--data", "--yes"}, done: gone},
			{name: "backup", args: []string{"backup", "OTHER", "--force"}, done: kept},
			{name: "cp", args: []string{"cp", "OTHER", ":both/file"}, done: func(_ *killTest, before string) string { return withPrecious(before) }},
		} {
			t.Run(test.name+" on "+engine, func(t *testing.T) {
				t.Parallel()
				killedAtAnyPoint(make(t), test)
			})
		}
	}
}

// withPrecious returns the content of a volume once "precious" has taken the place of
// both/file.
func withPrecious(before string) string {
	var names, sums []string
	for line := range strings.Lines(before + "\n") {
		switch {
		case strings.HasSuffix(line, "  both/file\n"):
			sums = append(sums, fmt.Sprintf("%x  both/file\n", sha256.Sum256([]byte("precious"))))
		case strings.Contains(line, "  "):
			sums = append(sums, line)
		case strings.HasPrefix(line, "both/file f 644 "):
			names = append(names, strings.Replace(line, " 644 ", " 600 ", 1))
		default:
			names = append(names, line)
		}
	}
	slices.Sort(sums)
	return strings.TrimSuffix(strings.Join(append(names, sums...), ""), "\n")
}

func killedAtAnyPoint(c *terminal, test dataCommand) {
	t := c.t
	k := &killTest{terminal: c, killProxy: newKiller(t, c.get("DOCKER_HOST")), name: c.get("COLAB_TRAY_NAME"), dir: t.TempDir()}
	k.volume(newData)
	k.new, k.file = k.volume(content), filepath.Join(k.dir, "new.tar.zst")
	c.run(0, "backup", k.file)
	for i, arg := range test.args {
		switch arg {
		case "FILE":
			test.args[i] = k.file
		case "OTHER":
			test.args[i] = filepath.Join(k.dir, "b")
		}
	}
	counted := map[string]int{}
	for at, allowed := range k.points(t, 3) {
		killed, outcome := k.kill(test, at, allowed)
		counted[outcome]++
		if !killed {
			break
		}
	}
	t.Logf("%s: %v", test.name, counted)
	if test.name != "backup" && (counted["new"] < least(2) || counted["old"] < least(2)) {
		t.Errorf("the points are not those meant: %v", counted)
	}
}

// kill kills a command at a point, runs another, and tells whether the data are
// the old ones or the new ones.
func (k *killTest) kill(test dataCommand, at int, allowed bool) (killed bool, outcome string) {
	k.docker("rm", "-f", "-v", k.name)
	k.docker("volume", "rm", "-f", k.name+"-data")
	before := ""
	if !test.absent {
		before = k.volume(oldData + "; " + content)
		k.docker("create", "--name", k.name, "--label", "dev.colabtray.runtime="+k.name, "-v", k.name+"-data:/home/jovyan",
			"-p", "127.0.0.1:"+k.get("COLAB_TRAY_PORT")+":8888", k.get("COLAB_TRAY_IMAGE"), "start-notebook.sh")
	}
	other := filepath.Join(k.dir, "b")
	if err := os.WriteFile(other, []byte("precious"), 0o600); err != nil {
		k.t.Fatal(err)
	}
	killed, output := k.killProxy.run(k.terminal, at, allowed, test.args...)
	point := fmt.Sprintf("killed at %d of %v (obeyed: %v)", at, k.seen, allowed)

	command := []string{"backup", filepath.Join(k.dir, fmt.Sprintf("next-%s-%d-%v", test.name, at, allowed))}
	if test.name == "restore" && at%2 == 0 {
		command = []string{"start"}
	}
	seen := k.seen
	_, next := k.killProxy.run(k.terminal, 0, false, command...)
	k.seen = seen
	got := ""
	if k.hasVolume() {
		got = k.volume(content)
	}
	switch got {
	case test.done(k, before):
		outcome = "new"
	case before:
		if outcome = "old"; !killed {
			k.t.Fatalf("it was not killed, and did nothing: %s", output)
		}
	default:
		k.t.Errorf("%s: the volume has\n%s\nbefore\n%s\nit said: %s\nthe next one said: %s", point, got, before, output, next)
	}
	k.mustLeaveNothing(point, got == "" && test.name == "delete")
	if text, err := os.ReadFile(other); err != nil {
		k.t.Errorf("%s: %v", point, err)
	} else if string(text) != "precious" {
		mustBeWholeBackup(k.t, other)
	}
	return killed, outcome
}

// mustLeaveNothing asserts that nothing unfinished is left, and that backups that
// were made are whole.
func (k *killTest) mustLeaveNothing(point string, wantBackup bool) {
	if helpers := k.docker("ps", "-aq", "--filter", "label=dev.colabtray.helper="+k.name); helpers != "" {
		k.t.Errorf("%s: helpers are left: %s", point, helpers)
		k.docker(append([]string{"rm", "-f"}, strings.Fields(helpers)...)...)
	}
	state := filepath.Join(k.get("XDG_STATE_HOME"), "colab-tray", "backups")
	if parts, _ := filepath.Glob(filepath.Join(state, ".*.part")); parts != nil {
		k.t.Errorf("%s: unfinished files are left: %v", point, parts)
	}
	backups, _ := filepath.Glob(filepath.Join(state, "*.tar.zst"))
	for _, b := range backups {
		mustBeWholeBackup(k.t, b)
		_ = os.Remove(b)
	}
	if wantBackup && len(backups) == 0 {
		k.t.Errorf("%s: the data are gone, and there is no backup", point)
	}
}

// mustBeWholeBackup asserts that a backup can be read to its end by other programs.
func mustBeWholeBackup(t *testing.T, file string) {
	t.Helper()
	testenv.NeedCommand(t, "zstd")
	if out, err := exec.Command("sh", "-c", `zstd -dc "$1" | tar -t >/dev/null && zstd -qt "$1"`, "sh", file).CombinedOutput(); err != nil {
		t.Errorf("%s: %v: %s", file, err, out)
	}
}

// remakeCommand is a command that makes a runtime anew in another way, to and fro.
type remakeCommand struct {
	command string
	flags   func(way string) []string // of the command, and of a start beside it
	made    string                    // how `docker inspect` tells the way in which the runtime is made
	ways    [2]string                 // the one it is made in, and the other
}

// TestKilledWhileMadeAnew kills what makes a container anew at each of its
// requests. To be killed before a request is the same as after the one before.
func TestKilledWhileMadeAnew(t *testing.T) {
	engines(t)
	for name, make := range map[string]func(t *testing.T) *terminal{
		"restart on docker": func(t *testing.T) *terminal { return newTerminal(t, testenv.Image(t, testenv.FakeJupyter)) },
		"restart on podman": func(t *testing.T) *terminal { return newPodmanTerminal(t, testenv.FakeJupyter) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := make(t)
			killedWhileMadeAnew(c, newKiller(t, c.get("DOCKER_HOST")), remakeCommand{
				command: "restart",
				flags:   func(port string) []string { return []string{"--port", port} },
				made:    "{{range .HostConfig.PortBindings}}{{range .}}{{.HostPort}}{{end}}{{end}}",
				ways:    [2]string{c.get("COLAB_TRAY_PORT"), fmt.Sprint(testenv.FreePort(t))},
			})
		})
	}
	// The image that is pulled is there already under another name: what goes
	// wrong in a pull is no matter of kills.
	t.Run("update", func(t *testing.T) {
		t.Parallel()
		image := testenv.RuntimeName(t)
		editions := [2]string{image + ":1", image + ":2"}
		t.Cleanup(func() { testenv.Docker(t, "rmi", "--force", image, editions[0], editions[1]) })
		testenv.Docker(t, "create", "--name", image, testenv.Image(t, testenv.FakeJupyter))
		for _, edition := range editions {
			testenv.Docker(t, "commit", "--change", "LABEL edition="+edition, image, edition)
		}
		testenv.Docker(t, "tag", editions[0], image)
		c := newTerminal(t, image)
		k := newKiller(t, c.get("DOCKER_HOST"))
		next := 1
		k.pulled = func() {
			if out, err := exec.Command("docker", "--host", c.get("DOCKER_HOST"), "tag", editions[next], image).CombinedOutput(); err != nil {
				t.Errorf("%v: %s", err, out)
			}
		}
		killedWhileMadeAnew(c, k, remakeCommand{
			command: "update",
			flags: func(edition string) []string {
				next = slices.Index(editions[:], edition)
				return nil
			},
			made: "{{.Config.Labels.edition}}",
			ways: editions,
		})
	})
}

// killedWhileMadeAnew kills at each request. One ordinary start later the runtime
// is ready in the old way or the new one, and its data are there; after one more
// command nothing else of it is, and its image's name means what it is made from.
func killedWhileMadeAnew(c *terminal, k *killProxy, r remakeCommand) {
	t, name := c.t, c.get("COLAB_TRAY_NAME")
	c.run(0, append([]string{"start"}, r.flags(r.ways[0])...)...)
	c.docker("exec", name, "sh", "-c", "echo kept > ~/work.ipynb")
	counted := map[string]int{}
	at, step := killStride(t, 3)
	for killed := true; killed; at += step {
		flags := r.flags(r.ways[1])
		var output string
		killed, output = k.run(c, at, true, append([]string{r.command}, flags...)...)
		point := fmt.Sprintf("killed at %d of %v", at, k.seen)

		if url, _ := c.run(0, append([]string{"start"}, flags...)...); !strings.Contains(url, "/?token=") {
			t.Errorf("%s: it started with the address %q", point, url)
		}
		switch made := c.docker("inspect", "--format", r.made, name); {
		case made == r.ways[1]:
			counted["new"]++
		case made == r.ways[0] && killed:
			counted["old"]++
		default:
			t.Errorf("%s: it is made in the way %q; it said: %s", point, made, output)
		}
		if text := c.docker("exec", name, "cat", "/home/jovyan/work.ipynb"); text != "kept" {
			t.Errorf("%s: the notebook has become %q", point, text)
		}
		k.run(c, 0, false, append([]string{r.command}, flags...)...)
		if names := c.docker("ps", "-a", "--filter", "label=dev.colabtray.runtime="+name, "--format", "{{.Names}}"); names != name {
			t.Errorf("%s: its containers are %q", point, names)
		}
		named, madeOf := c.docker("image", "inspect", "--format", "{{.Id}}", c.get("COLAB_TRAY_IMAGE")), c.docker("inspect", "--format", "{{.Image}}", name)
		trial := c.docker("images", "--quiet", "--filter", "reference=localhost/colab-tray/working:"+name+"-*")
		if named != madeOf || trial != "" {
			t.Errorf("%s: it is made from the image %s, the image's name means %s, and %q is on trial", point, madeOf, named, trial)
		}
		if made := c.docker("inspect", "--format", r.made, name); made != r.ways[1] {
			t.Fatalf("%s: in the end it is made in the way %q", point, made)
		}
		r.ways[0], r.ways[1] = r.ways[1], r.ways[0]
	}
	t.Logf("%v", counted)
	if counted["new"] < least(3) || counted["old"] < least(3) {
		t.Errorf("the points are not those meant: %v", counted)
	}
}

// TestKilledCopyOut kills a copy out of the runtime at each of its requests: what it
// leaves behind on this computer goes with the next copy to the same place.
func TestKilledCopyOut(t *testing.T) {
	engines(t)
	c := newTerminal(t, testenv.Image(t, testenv.FakeJupyter))
	k := newKiller(t, c.get("DOCKER_HOST"))
	c.volume("mkdir -p work; echo one > work/a; echo two > work/b; chown -R 1000:100 .")
	left := 0
	for at, allowed := range k.points(t, 2) { // a part is left at two requests in a row
		dir := t.TempDir()
		killed, output := k.run(c, at, allowed, "cp", ":work", dir)
		seen := k.seen
		point := fmt.Sprintf("killed at %d of %v (obeyed: %v)", at, seen, allowed)
		parts, _ := filepath.Glob(filepath.Join(dir, ".colab-tray-*.part"))
		left += len(parts)
		if _, next := k.run(c, 0, false, "cp", ":work", dir); !isFile(dir+"/work/a", "one\n") || !isFile(dir+"/work/b", "two\n") {
			t.Errorf("%s: it said: %s\nthe next one said: %s", point, output, next)
		}
		k.seen = seen
		if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 {
			t.Errorf("%s: left are %v, %v", point, entries, err)
		}
		if !killed {
			break
		}
	}
	if left == 0 {
		t.Error("no killed copy has left anything")
	}
}

func isFile(name, content string) bool {
	text, err := os.ReadFile(name)
	return err == nil && string(text) == content
}
