package packages_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/engine/docker"
	"colabtray/internal/packages"
	"colabtray/test/testenv"
)

// makeWheel is a Python program that makes wheels in /tmp/wheels: each argument is
// NAME or NAME:REQUIRED.
const makeWheel = `
import os, sys, zipfile
os.makedirs("/tmp/wheels", exist_ok=True)
for what in sys.argv[1:]:
    name, _, needs = what.partition(":")
    with zipfile.ZipFile("/tmp/wheels/%s-1.5-py3-none-any.whl" % name, "w") as w:
        info = name + "-1.5.dist-info/"
        w.writestr(name + ".py", "")
        w.writestr(info + "METADATA", "Metadata-Version: 2.1\nName: %s\nVersion: 1.5\n" % name.replace("_", "-") + ("Requires-Dist: %s\n" % needs if needs else ""))
        w.writestr(info + "WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        w.writestr(info + "RECORD", "")
os.chmod("/tmp/wheels", 0o755)
`

// TestFind installs packages with pip in each place where they can lie, and asks while
// the container runs and when it is stopped.
func TestFind(t *testing.T) {
	testenv.Takes(t, "pip installs packages")
	t.Parallel()
	for _, on := range []string{"docker", "podman"} {
		if on == "podman" && !testenv.Full() {
			continue // a Podman for this test alone takes a while
		}
		t.Run(on, func(t *testing.T) {
			t.Parallel()
			var host, name, image string
			if on == "docker" {
				host, name, image = testenv.Engine(t), testenv.RuntimeName(t), testenv.Image(t, testenv.Notebook6)
			} else {
				podman := testenv.Podman(t)
				host, name, image = podman.Host(), podman.RuntimeName(t), podman.Image(t, testenv.Server2)
			}
			testenv.DockerAt(t, host, "run", "--detach", "--name", name, "--network", "none", "--volume", name+"-data:/home/jovyan",
				"--env", "PIP_NO_INDEX=1", "--env", "PIP_FIND_LINKS=/tmp/wheels", "--env", "PIP_ROOT_USER_ACTION=ignore",
				"--entrypoint", "sleep", image, "infinity")
			run := func(user string, command ...string) {
				t.Helper()
				testenv.DockerAt(t, host, append([]string{"exec", "--user", user, name}, command...)...)
			}
			run("0", "python3", "-c", makeWheel, "greeter:needed_one", "needed_one", "from_file", "of_user")
			pip := []string{"python3", "-m", "pip", "install", "--quiet"}
			run("0", append(slices.Clone(pip), "greeter", "/tmp/wheels/from_file-1.5-py3-none-any.whl")...)
			run("1000", append(slices.Clone(pip), "--user", "of_user")...)
			run("1000", "sh", "-c", `mkdir -p /home/jovyan/work/.venv/lib/python3/site-packages/of_venv-1.5.dist-info && cd /home/jovyan/work/.venv &&
				touch pyvenv.cfg && printf 'Name: of-venv\nVersion: 1.5\n' > lib/python3/site-packages/of_venv-1.5.dist-info/METADATA`)
			// What a hostile program can leave behind, and conda.
			run("0", "sh", "-c", `cd "$(python3 -c 'import sysconfig; print(sysconfig.get_path("purelib"))')" &&
				mkdir evil-1.dist-info bad-1.dist-info link-1.dist-info vendor && mkdir vendor/inner-1.dist-info &&
				printf 'Name: x --index-url=http://evil\nVersion: 1\n' > evil-1.dist-info/METADATA &&
				printf 'Name: bad\nVersion: 1; os_name == ""\n' > bad-1.dist-info/METADATA &&
				ln -s /etc/passwd link-1.dist-info/METADATA &&
				printf 'Name: inner\nVersion: 1\n' > vendor/inner-1.dist-info/METADATA &&
				mkdir -p /opt/conda/conda-meta && touch /opt/conda/conda-meta/libblas-3.9.0-31_h59b9bed.json`)

			e, err := docker.New(host)
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			if _, err := e.Connect(t.Context()); err != nil {
				t.Fatal(err)
			}
			list := find(t, e, name)
			if list.VolumeUnknown || list.Incomplete {
				t.Errorf("it is unknown or incomplete: %+v", list)
			}
			want := []string{
				"greeter greeter==1.5 pip requested", "needed-one needed-one==1.5 pip", "from-file  pip requested", "libblas  conda",
				"of-user  pip requested survives", "of-venv  pip requested survives",
			}
			same(t, list, want)
			if keep := list.ToKeep(); !slices.Equal(keep, []string{"greeter==1.5"}) {
				t.Errorf("to keep: %q", keep)
			}

			testenv.DockerAt(t, host, "stop", "--time", "0", name)
			list = find(t, e, name)
			if !list.VolumeUnknown {
				t.Error("a stopped container's volume is known")
			}
			same(t, list, want[:4])
		})
	}
}

func find(t *testing.T, e engine.Engine, name string) packages.List {
	t.Helper()
	c, err := e.Inspect(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	list, err := packages.Find(t.Context(), e, c, name+"-data")
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func same(t *testing.T, list packages.List, want []string) {
	t.Helper()
	var got []string
	for _, p := range list.Packages {
		text := fmt.Sprintf("%s %s %s", p.Name, p.Requirement, p.Manager)
		if p.Requested {
			text += " requested"
		}
		if p.Survives {
			text += " survives"
		}
		got = append(got, text)
	}
	slices.Sort(got)
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("found:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}
