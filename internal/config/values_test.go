package config

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"colabtray/internal/i18n"
	"colabtray/internal/secret"
)

// TestValues loads every notation of every setting of a profile.
func TestValues(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for text, change := range map[string]func(*Profile){
		`gpu = "all"`:                          func(p *Profile) { p.GPU = GPU{All: true} },
		`gpu = "off"`:                          func(*Profile) {},
		`gpu = 2`:                              func(p *Profile) { p.GPU = GPU{Count: 2} },
		`gpu = ["0", "GPU-1a", "MIG-GPU/1/2"]`: func(p *Profile) { p.GPU = GPU{IDs: []string{"0", "GPU-1a", "MIG-GPU/1/2"}} },

		`memory = "8g"`:       func(p *Profile) { p.Memory = 8 << 30 },
		`memory = "512m"`:     func(p *Profile) { p.Memory = 512 << 20 },
		`memory = "8GiB"`:     func(p *Profile) { p.Memory = 8 << 30 },
		`memory = "8 GB"`:     func(p *Profile) { p.Memory = 8 << 30 },
		`memory = "1.5g"`:     func(p *Profile) { p.Memory = 3 << 29 },
		`memory = "6291456"`:  func(p *Profile) { p.Memory = 6 << 20 },
		`memory = "6291456b"`: func(p *Profile) { p.Memory = 6 << 20 },
		`memory = 6_291_456`:  func(p *Profile) { p.Memory = 6 << 20 },
		`memory = "0"`:        func(*Profile) {},
		`memory = 0`:          func(*Profile) {},
		`shm_size = "2g"`:     func(p *Profile) { p.ShmSize = 2 << 30 },
		`shm_size = "1m"`:     func(p *Profile) { p.ShmSize = 1 << 20 },

		`cpus = 2`:    func(p *Profile) { p.CPUs = 2 },
		`cpus = 2.5`:  func(p *Profile) { p.CPUs = 2.5 },
		`cpus = 0.01`: func(p *Profile) { p.CPUs = 0.01 },
		`cpus = -0.0`: func(*Profile) {},

		`folders = []`: func(*Profile) {},
		`folders = [{host = "~/data", path = "/home/jovyan/data", read_only = true}, {host = "~", path = "/mnt/"}]`: func(p *Profile) {
			p.Folders = []Folder{{Host: filepath.Join(home, "data"), Path: "/home/jovyan/data", ReadOnly: true}, {Host: home, Path: "/mnt"}}
		},
		`folders = [{host = "~/data"}, {host = "/", read_only = true}]`: func(p *Profile) {
			p.Folders = []Folder{{Host: filepath.Join(home, "data"), Path: "/home/jovyan/data"}, {Host: "/", Path: "/home/jovyan/disk", ReadOnly: true}}
		},
		"kind = 'colab'\nfolders = [{host = '~/data'}]": func(p *Profile) {
			p.Kind, p.Folders = KindColab, []Folder{{Host: filepath.Join(home, "data"), Path: "/content/data"}}
		},
		"[[profiles.jupyter.folders]]\nhost = '~/a/../b'\npath = '/content'\n[[profiles.jupyter.folders]]\nhost = '~/c'\npath = '/usr/share/c'": func(p *Profile) {
			p.Folders = []Folder{{Host: filepath.Join(home, "b"), Path: "/content"}, {Host: filepath.Join(home, "c"), Path: "/usr/share/c"}}
		},

		`env = {}`: func(*Profile) {},
		`env = {B = "2", A = "a=b\nc", "x.y" = ""}`: func(p *Profile) {
			p.Env = []Variable{{"A", secret.New("a=b\nc")}, {"B", secret.New("2")}, {"x.y", secret.New("")}}
		},
		`env.A = "1"`: func(p *Profile) { p.Env = []Variable{{"A", secret.New("1")}} },

		`packages = []`: func(*Profile) {},
		`packages = ["polars", "scikit-learn == 1.5"]`: func(p *Profile) { p.Packages = []string{"polars", "scikit-learn == 1.5"} },
		`command = ["jupyter", "lab", "--no-browser"]`: func(p *Profile) { p.Command = []string{"jupyter", "lab", "--no-browser"} },
		`token = "fresh"`:             func(*Profile) {},
		`token = "keep"`:              func(p *Profile) { p.Token = TokenKeep },
		"token = 'keep'\nwake = true": func(p *Profile) { p.Token, p.Wake = TokenKeep, true },
		`wake = false`:                func(*Profile) {},
		`idle_stop = "off"`:           func(*Profile) {},
		`idle_stop = "1h30m"`:         func(p *Profile) { p.IdleStop = 90 * time.Minute },
		`idle_stop = "5m"`:            func(p *Profile) { p.IdleStop = 5 * time.Minute },
		`engine = ""`:                 func(*Profile) {},
		`engine = "ssh://gpu_box"`:    func(p *Profile) { p.Engine = "ssh://gpu_box" },
		`engine = "ssh://me@[::1]:2222/run/user/1000/docker.sock"`: func(p *Profile) { p.Engine = "ssh://me@[::1]:2222/run/user/1000/docker.sock" },
		`engine = "unix:///run/podman/podman.sock"`:                func(p *Profile) { p.Engine = "unix:///run/podman/podman.sock" },
		`engine = "npipe:////./pipe/docker_engine"`:                func(p *Profile) { p.Engine = "npipe:////./pipe/docker_engine" },
		`engine = "tcp://localhost:2375"`:                          func(p *Profile) { p.Engine = "tcp://localhost:2375" },
		`platform = ""`:                                            func(*Profile) {},
		`platform = "linux/amd64"`:                                 func(p *Profile) { p.Platform = "linux/amd64" },
		`platform = "linux/arm/v7"`:                                func(p *Profile) { p.Platform = "linux/arm/v7" },
		`user = ""`:                                                func(*Profile) {},
		`user = 1001`:                                              func(p *Profile) { p.User = "1001" },
		`user = "1001:100"`:                                        func(p *Profile) { p.User = "1001:100" },
		`user = "root"`:                                            func(p *Profile) { p.User = UserRoot },
	} {
		s, err := Load(Sources{File: write(t, "[profiles.jupyter]\n"+text)})
		want := Default()
		change(&want)
		if err != nil || !s.Profile.Equal(want) {
			t.Errorf("%s: got %+v, %v\nwant %+v", text, s.Profile, err, want)
		}
	}
}

// TestErrorsOfValues has every kind of bad value, each in the second line of the file.
func TestErrorsOfValues(t *testing.T) {
	absolute := "/a"
	if runtime.GOOS == "windows" {
		absolute = `C:\\a`
	}
	mount := func(path string) string { return `folders = [{host = "` + absolute + `", path = "` + path + `"}]` }
	const folders = `Write it as in [{host = "~/data", path = "/home/jovyan/data"}]`
	const packages = `Name packages as pip takes them, as in ["polars", "scikit-learn==1.5"]`
	const command = `Write the command as in ["jupyter", "lab", "--no-browser"]`
	const list = `it has to be a list of texts. Write it as in ["one", "two"]`
	const user = `Use a number such as 1000, with a group as in "1000:100", or "root"`
	const idle = `Use "off", or a time of at least 5m such as "30m"`
	cases := map[string]string{}
	for text, want := range map[string]string{
		`wake = "yes"`:       `wake: it has to be true or false. Write it without quotes`,
		`wake = true`:        `wake: it needs token = "keep", by which Colab can ask for a runtime that does not run. Set that, too`,
		`gpu = "two"`:        `gpu: "two" is not understood. ` + gpuHint,
		`gpu = ""`:           `gpu: "" is not understood. ` + gpuHint,
		`gpu = 0`:            `gpu: 0 is no number of GPUs. ` + gpuHint,
		`gpu = -1`:           `gpu: -1 is no number of GPUs. ` + gpuHint,
		`gpu = 129`:          `gpu: 129 is no number of GPUs. ` + gpuHint,
		`gpu = []`:           `gpu: the list is empty. ` + gpuHint,
		`gpu = [""]`:         `gpu: "" cannot be the id of a GPU. ` + gpuHint,
		`gpu = ["a,b"]`:      `gpu: "a,b" cannot be the id of a GPU. ` + gpuHint,
		`gpu = [0]`:          `gpu: ` + wantText,
		`gpu = true`:         `gpu: it has to be a text, a whole number or a list. ` + gpuHint,
		`gpu = {all = true}`: `gpu: it has to be a text, a whole number or a list. ` + gpuHint,

		`memory = "lots"`:        `memory: "lots" is no size. ` + sizeHint,
		`memory = ""`:            `memory: "" is no size. ` + sizeHint,
		`memory = "-1g"`:         `memory: "-1g" is no size. ` + sizeHint,
		`memory = "8x"`:          `memory: "8x" is no size. ` + sizeHint,
		`memory = "8gg"`:         `memory: "8gg" is no size. ` + sizeHint,
		`memory = 8`:             `memory: 8 is less than 6 MiB. ` + sizeHint,
		`memory = -8`:            `memory: -8 is less than 6 MiB. ` + sizeHint,
		`memory = "5m"`:          `memory: 5m is less than 6 MiB. ` + sizeHint,
		`memory = "8000000000t"`: `memory: 8000000000t is out of range. ` + sizeHint,
		`memory = 1.5`:           `memory: it has to be a text in quotes, or a whole number of bytes. ` + sizeHint,
		`memory = true`:          `memory: it has to be a text in quotes, or a whole number of bytes. ` + sizeHint,
		`shm_size = 2`:           `shm_size: 2 is less than 1 MiB. ` + sizeHint,
		`shm_size = []`:          `shm_size: it has to be a text in quotes, or a whole number of bytes. ` + sizeHint,

		`cpus = "2"`:   `cpus: it has to be a number, without quotes. ` + cpusHint,
		`cpus = -1`:    `cpus: -1 is out of range. ` + cpusHint,
		`cpus = 0.001`: `cpus: 0.001 is out of range. ` + cpusHint,
		`cpus = nan`:   `cpus: NaN is out of range. ` + cpusHint,
		`cpus = inf`:   `cpus: +Inf is out of range. ` + cpusHint,
		`cpus = 10001`: `cpus: 10001 is out of range. ` + cpusHint,

		`folders = "/data"`:                            `folders: it has to be a list of folders. ` + folders,
		`folders = {host = "~", path = "/x"}`:          `folders: it has to be a list of folders. ` + folders,
		`folders = ["/data"]`:                          `folders: a folder has to be a table. ` + folders,
		`folders = [{}]`:                               `folders: a folder needs its host. ` + folders,
		`folders = [{host = "~/.ssh"}]`:                `folders.host: Jupyter shows no folder with the name ".ssh". Give it another one with path`,
		`folders = [{host = "~/a"}, {host = "~/b/a"}]`: `folders.path: two folders are at /home/jovyan/a. Give each a path of its own`,
		`folders = [{path = "/x"}]`:                    `folders: a folder needs its host. ` + folders,
		`folders = [{hots = "~", path = "/x"}]`:        `folders.hots: there is no such setting. A folder has: host, path, read_only`,
		`folders = [{host = "data", path = "/x"}]`:     `folders.host: "data" is no absolute path. ` + hostHint,
		`folders = [{host = "", path = "/x"}]`:         `folders.host: "" is no absolute path. ` + hostHint,
		`folders = [{host = "~me/a", path = "/x"}]`:    `folders.host: "~me/a" is no absolute path. ` + hostHint,
		`folders = [{host = "~/a\nb", path = "/"}]`:    `folders.host: "~/a\nb" is no absolute path. ` + hostHint,
		`folders = [{host = 1, path = "/x"}]`:          `folders.host: ` + wantText,
		`folders = [{host = "~", path = 1}]`:           `folders.path: ` + wantText,
		mount("data"):                                  `folders.path: "data" is no absolute path. ` + mountHint,
		mount(""):                                      `folders.path: "" is no absolute path. ` + mountHint,
		mount(`/a\u0007`):                              `folders.path: "/a\a" is no absolute path. ` + mountHint,
		mount("/home/jovyan"):                          `folders.path: a folder at /home/jovyan would hide the data volume, which is at /home/jovyan. Use a path below it such as "/home/jovyan/data"`,
		mount("/home/x/.."):                            `folders.path: a folder at /home would hide the data volume, which is at /home/jovyan. Use a path below it such as "/home/jovyan/data"`,
		mount("/content") + "\nkind = 'colab'":         `folders.path: a folder at /content would hide the data volume, which is at /content. Use a path below it such as "/content/data"`,
		mount("/"):                                     `folders.path: a folder at / would hide the system's /opt/colab-tray. ` + mountHint,
		mount("/x/.."):                                 `folders.path: a folder at / would hide the system's /opt/colab-tray. ` + mountHint,
		mount("/opt"):                                  `folders.path: a folder at /opt would hide the system's /opt/colab-tray. ` + mountHint,
		mount("/opt/colab-tray/start.sh"):              `folders.path: a folder at /opt/colab-tray/start.sh would hide the system's /opt/colab-tray. ` + mountHint,
		mount("/proc/"):                                `folders.path: a folder at /proc would hide the system's /proc. ` + mountHint,
		mount("/sys"):                                  `folders.path: a folder at /sys would hide the system's /sys. ` + mountHint,
		mount("/dev/shm"):                              `folders.path: a folder at /dev/shm would hide the system's /dev. ` + mountHint,
		mount("/etc/passwd"):                           `folders.path: a folder at /etc/passwd would hide the system's /etc. ` + mountHint,
		mount("/usr"):                                  `folders.path: a folder at /usr would hide the system's /usr/bin. ` + mountHint,
		`folders = [{host = "~", path = "/x", read_only = "yes"}]`:            `folders.read_only: it has to be true or false. Write it without quotes`,
		`folders = [{host = "~", path = "/x"}, {host = "~/a", path = "/x/"}]`: `folders.path: two folders are at /x. Give each a path of its own`,

		`env = "A=b"`:                      `env: it has to be a table of texts. ` + envHint,
		`env = ["A=b"]`:                    `env: it has to be a table of texts. ` + envHint,
		`env = {A = 1}`:                    `env.A: it has to be text in quotes. ` + envHint,
		`env = {A.B = "1"}`:                `env.A: it has to be text in quotes. ` + envHint,
		`env = {"" = "1"}`:                 `env."": "" cannot be the name of a variable. ` + envHint,
		`env = {"A=B" = "1"}`:              `env."A=B": "A=B" cannot be the name of a variable. ` + envHint,
		`env = {1A = "1"}`:                 `env.1A: "1A" cannot be the name of a variable. ` + envHint,
		`env = {A = "\u0000"}`:             `env.A: the value has a NUL character, which no variable can have`,
		`env = {PATH = "/bin"}`:            `env.PATH: PATH belongs to Colab Tray, and the runtime would break with another value. Use command to start something by its full path`,
		`env = {HOME = "/root"}`:           `env.HOME: HOME belongs to Colab Tray, and the runtime would break with another value. Use image and folders to have other files there`,
		`env = {JUPYTER_CONFIG_PATH = ""}`: `env.JUPYTER_CONFIG_PATH: JUPYTER_CONFIG_PATH belongs to Colab Tray, and the runtime would break with another value. Put the configuration into ~/.jupyter of the data volume`,
		`env = {JUPYTER_TOKEN = "secret"}`: `env.JUPYTER_TOKEN: JUPYTER_TOKEN belongs to Colab Tray, and the runtime would break with another value. Use token = "keep" for a token that stays the same`,
		`env_file = 1`:                     `env_file: ` + wantText,

		`packages = "polars"`:                  `packages: ` + list,
		`packages = [1]`:                       `packages: ` + wantText,
		`packages = [""]`:                      `packages: a package has no name. ` + packages,
		`packages = ["  "]`:                    `packages: a package has no name. ` + packages,
		`packages = ["a\nb"]`:                  `packages: "a\nb" cannot be the name of a package. ` + packages,
		`packages = ["--index-url=x"]`:         `packages: "--index-url=x" is an option of pip, not a package. ` + packages,
		`packages = [" -r x"]`:                 `packages: " -r x" is an option of pip, not a package. ` + packages,
		"packages = ['polars']\nkind= 'colab'": `packages: an image of kind "colab" cannot get packages at its first start. Install them in a notebook: !pip install NAME`,

		`command = "jupyter lab"`:     `command: ` + list,
		`command = [""]`:              `command: "" cannot be a part of a command. ` + command,
		`command = ["jupyter", 1]`:    `command: ` + wantText,
		`command = ["jupyter\u0000"]`: `command: "jupyter\x00" cannot be a part of a command. ` + command,

		`token = "s3cret"`:                 `token: it has to tell when there is a new token. Use "fresh" for a new token at each start, or "keep"`,
		`token = true`:                     `token: ` + wantText,
		"token = 'keep'\nkind = 'colab'":   `token: an image of kind "colab" makes a new token at each start. Use "fresh"`,
		`idle_stop = "soon"`:               `idle_stop: "soon" is no time. ` + idle,
		`idle_stop = "30"`:                 `idle_stop: "30" is no time. ` + idle,
		`idle_stop = "4m59s"`:              `idle_stop: 4m59s is too short. ` + idle,
		`idle_stop = "-1h"`:                `idle_stop: -1h is too short. ` + idle,
		`idle_stop = "9999999h"`:           `idle_stop: "9999999h" is no time. ` + idle,
		`idle_stop = 30`:                   `idle_stop: it has to be text in quotes. ` + idle,
		`platform = "amd64"`:               `platform: "amd64" is no platform of Linux containers. Use one such as "linux/amd64" or "linux/arm64"`,
		`platform = "windows/amd64"`:       `platform: "windows/amd64" is no platform of Linux containers. Use one such as "linux/amd64" or "linux/arm64"`,
		`platform = "linux/amd64/v2/more"`: `platform: "linux/amd64/v2/more" is no platform of Linux containers. Use one such as "linux/amd64" or "linux/arm64"`,
		`platform = 1`:                     `platform: ` + wantText,
		`user = "jovyan"`:                  `user: "jovyan" is no user. ` + user,
		`user = "1000:users"`:              `user: "1000:users" is no user. ` + user,
		`user = "0"`:                       `user: "0" is no user. ` + user,
		`user = 0`:                         `user: "0" is no user. ` + user,
		`user = -1`:                        `user: "-1" is no user. ` + user,
		`user = "4294967296"`:              `user: "4294967296" is no user. ` + user,
		`user = true`:                      `user: ` + wantText + ". " + user,
		"user = 1000\nkind = 'colab'":      `user: an image of kind "colab" works as root alone. Remove user from this profile`,
	} {
		cases["[profiles.jupyter]\n"+text] = ":2: profiles.jupyter." + want
	}
	const engine = `Use one such as "ssh://gpubox", "ssh://me@gpubox:2222/run/user/1000/docker.sock", "kubernetes://gpu-cluster/team" or "unix:///var/run/docker.sock"`
	for _, address := range []string{
		"gpubox", "ssh:gpubox", "ssh://", "ssh://-oProxyCommand=x", "ssh://-l@gpubox", "ssh://me@-x", "ssh://a b", "ssh://gpubox:0", "ssh://gpubox:ssh",
		"ssh://gpubox/a:b", "ssh://gpubox?x=1", "ssh://gpu$(id)", "ssh://@gpubox", "unix://run/docker.sock", "unix:", "npipe:////other/pipe/x",
		"tcp://localhost", "tcp://127.0.0.1:2375/v1", "http://localhost:1", "fd://",
	} {
		cases["[profiles.jupyter]\nengine = '"+address+"'"] = `:2: profiles.jupyter.engine: "` + address + `" is no address of an engine. ` + engine
	}
	for _, host := range []string{"~/data", "data"} {
		cases["[profiles.jupyter]\nfolders = [{host = '"+host+"'}]\nengine = 'ssh://gpubox'"] = `:2: profiles.jupyter.folders.host: "` + host + `" is no absolute path. Write a path of that machine, from the top, such as "/srv/data"`
	}
	cases["[profiles.jupyter]\nengine = 'tcp://gpubox:2375'"] = `:2: profiles.jupyter.engine: "tcp://gpubox:2375" is on another machine, and would be open to everybody there. ` + engine
	cases["[profiles.jupyter]\nengine = 'ssh://me:hunter2@gpubox'"] = ":2: profiles.jupyter.engine: an address of ssh has no password in it. " + engine
	wantErrors(t, cases)
}

func TestErrorsOfPreferences(t *testing.T) {
	const yesOrNo = "it has to be true or false. Write it without quotes"
	const icon = `Use "auto", "colour", "light" or "dark"`
	languageNames := `"auto"`
	for _, language := range i18n.Languages()[:len(i18n.Languages())-1] {
		languageNames += `, "` + language + `"`
	}
	languageNames += ` or "` + i18n.Languages()[len(i18n.Languages())-1] + `"`
	const clear = `Use "off", or a time of at least 1s such as "6s"`
	wantErrors(t, map[string]string{
		"preferences = 3":                              ":1: preferences: it has to be a table, as in [preferences]",
		"[[preferences]]":                              ":1: preferences: it has to be a table, as in [preferences]",
		"[preferences]\nnotifications = true":          ":2: preferences.notifications: it has to be a table, as in [preferences.notifications]",
		"[preferences]\nstart = true":                  ":2: preferences.start: there is no such setting. " + preferencesHint,
		"[preferences]\nnotifications = {loud = true}": ":2: preferences.notifications.loud: there is no such setting. " + notificationsHint,
		"[preferences]\nstart_at_open = 'yes'":         ":2: preferences.start_at_open: " + yesOrNo,
		"[preferences]\nstop_on_quit = 1":              ":2: preferences.stop_on_quit: " + yesOrNo,
		"[preferences]\nicon = 'pink'":                 `:2: preferences.icon: "pink" is not understood. ` + icon,
		"[preferences]\nicon = false":                  ":2: preferences.icon: " + wantText,
		"[preferences]\nlanguage = 'tlh'":              `:2: preferences.language: "tlh" is not understood. Use ` + languageNames,
		"[preferences]\nclear_clipboard = '5'":         `:2: preferences.clear_clipboard: "5" is no time. ` + clear,
		"[preferences]\nclear_clipboard = '10ms'":      `:2: preferences.clear_clipboard: 10ms is too short. ` + clear,
		"[preferences]\nclear_clipboard = 30":          `:2: preferences.clear_clipboard: it has to be text in quotes. ` + clear,
		"\n[preferences.notifications]\nready = 'no'":  ":3: preferences.notifications.ready: " + yesOrNo,
		"\npreferences.notifications.idle = 0":         ":2: preferences.notifications.idle: " + yesOrNo,
	})
}

func TestPreferences(t *testing.T) {
	s, err := Load(Sources{File: write(t, `
[preferences]
start_at_open = true
stop_on_quit = true
icon = "light"
language = "de"
clear_clipboard = "30s"
newer_image = false
notifications = {ready = false, url_changed = true, progress = false}
`)})
	want := Preferences{
		StartAtOpen: true, StopOnQuit: true, Icon: IconLight, Language: "de", ClearClipboard: 30 * time.Second,
		Notifications: Notifications{URLChanged: true, Stopped: true, Failed: true, Idle: true, NewerImage: true},
	}
	if err != nil || s.Preferences != want {
		t.Errorf("got %+v, %v\nwant %+v", s.Preferences, err, want)
	}
}

// TestErrorsTellTheLine: errors name the right line, also within values of several
// lines.
func TestErrorsTellTheLine(t *testing.T) {
	for text, line := range map[string]int{
		"[profiles.jupyter]\npackages = [\n  'polars', # one\n  '-x',\n]":                                                4,
		"[profiles.jupyter]\npackages = [\n  'polars',\n  [],\n]":                                                        2, // the library does not tell where an array is
		"[profiles.jupyter]\nfolders = [\n  {host = '~', path = '/x'},\n  {host = '~',\n   path = '/etc'},\n]":           5,
		"[profiles.jupyter]\nfolders = [\n  {host = '~', path = '/x'},\n  {},\n]":                                        4,
		"[profiles.jupyter]\nfolders = [\n  {host = '~', path = '/x'},\n\n  {host = '~',\n\n path = '/x'},\n]":           7,
		"[[profiles.jupyter.folders]]\nhost = '~'\npath = '/x'\n[[profiles.jupyter.folders]]\nhost = 'x'\npath = '/y'":   5,
		"[[profiles.jupyter.folders]]\nhost = '~'\npath = '/x'\n[[profiles.jupyter.folders]]\npath = '/y'":               4,
		"[[profiles.jupyter.folders]]\nhost = '~'\npath = '/x'\n\n[[profiles.jupyter.folders]]\npath = '/x'\nhost = '~'": 6,
		"[profiles.jupyter]\nenv = {\n  A = '1',\n  PATH = ''\n}":                                                        4,
		"[profiles.jupyter]\n[profiles.jupyter.env]\nA = '1'\nB = 2":                                                     4,
		"[profiles.jupyter]\r\n\r\nport = 0\r\n":                                                                         3,
		"\ufeff[profiles.jupyter]\nport = 0":                                                                             2,
		"profile = '''\njupyter'''\n[profiles.jupyter]\ncommand = [\n'''\nx''',\n '']":                                   7,
		"[profiles]\njupyter = {\n  gpu = [\n '0',\n '1 ',\n ]}":                                                         5,
	} {
		_, err := Load(Sources{File: write(t, text)})
		var e *Error
		if !errors.As(err, &e) || e.Line != line {
			t.Errorf("%q: want line %d, got %v", text, line, err)
		}
	}
}

// TestKindComesWithTheImage: if an image cannot have one of the settings, the error
// names the source of the image.
func TestKindComesWithTheImage(t *testing.T) {
	const colab = "us-docker.pkg.dev/colab-images/public/runtime"
	file := write(t, "[profiles.jupyter]\ntoken = 'keep'")
	_, err := Load(Sources{File: file, Flags: Flags{"image": colab}})
	want := `--image: the profile jupyter does not suit this image: an image of kind "colab" makes a new token at each start. Use "fresh"`
	if err == nil || err.Error() != want {
		t.Errorf("got %v", err)
	}
}

func TestEnvFile(t *testing.T) {
	const utf16 = "it is not plain text, or in UTF-16. Save it as UTF-8. "
	file := write(t, "[profiles.jupyter]\nenv_file = 'my.env'\nenv = {B = 'from env'}")
	beside := filepath.Join(filepath.Dir(file), "my.env")
	load := func(text string) ([]Variable, error) {
		t.Helper()
		if err := os.WriteFile(beside, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Load(Sources{File: file, Env: env("OURS=from us")})
		return s.Profile.Env, err
	}
	got, err := load("\ufeff# comment\n\n  A=1\r\nB=2\nC= \"x\" # y \nA=twice\nOURS\nTHEIRS\nEMPTY=\n#D=1\nU=ü=")
	want := []Variable{
		{"A", secret.New("twice")},
		{"B", secret.New("from env")},
		{"C", secret.New(` "x" # y `)},
		{"EMPTY", secret.New("")},
		{"OURS", secret.New("from us")},
		{"U", secret.New("ü=")},
	}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("got %v", err)
		for _, v := range got {
			t.Errorf("%s is %q", v.Name, v.Value.Reveal())
		}
	}

	for text, short := range map[string]string{
		"A=1\n=hunter2":                "line 2 of %: it does not begin with the name of a variable. " + envFileHint,
		"hunter2 hunter2=x":            "line 1 of %: it does not begin with the name of a variable. " + envFileHint,
		"export A=hunter2":             "line 1 of %: it does not begin with the name of a variable. " + envFileHint,
		"-----hunter2":                 "line 1 of %: it does not begin with the name of a variable. " + envFileHint,
		"A=hunter2\n\nB=\xff":          "line 3 of %: it is not plain text. " + envFileHint,
		"A=hunter2\nB=\x00":            "line 2 of %: " + utf16 + envFileHint,
		"\xff\xfeA\x00=\x001\x00":      "line 1 of %: " + utf16 + envFileHint,
		"\xfe\xff\x00A\x00=\x001":      "line 1 of %: " + utf16 + envFileHint,
		"PATH=hunter2":                 "line 1 of %: PATH belongs to Colab Tray, and the runtime would break with another value. Use command to start something by its full path. " + envFileHint,
		"#\nHOME":                      "line 2 of %: HOME belongs to Colab Tray, and the runtime would break with another value. Use image and folders to have other files there. " + envFileHint,
		strings.Repeat("#\n", maxFile): "% cannot be read: it is larger than 1 MiB. " + envFileHint,
	} {
		_, err := load(text)
		want := file + ":2: profiles.jupyter.env_file: " + strings.ReplaceAll(short, "%", `"`+strings.ReplaceAll(beside, `\`, `\\`)+`"`)
		if err == nil || err.Error() != want {
			t.Errorf("got %v\nwant %s", err, want)
		}
	}

	if err := os.Remove(beside); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Sources{File: file}); err == nil || !strings.Contains(err.Error(), "my.env\" cannot be read: ") {
		t.Errorf("a missing file: %v", err)
	}
	if err := os.Mkdir(beside, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(Sources{File: file}); err == nil || !strings.Contains(err.Error(), "my.env\" cannot be read: it is a directory. ") {
		t.Errorf("a directory: %v", err)
	}
}

// TestEnvStaysSecret puts a secret in each place of the environment where something can
// be wrong, and searches the error for it.
func TestEnvStaysSecret(t *testing.T) {
	const secret = "72939133"
	for _, text := range []string{
		"env = {A = " + secret + "}",
		"env = {A = " + secret + secret + secret + "}",
		"env = {A = " + secret + ".0e99999}",
		"env = {A = -" + secret + "e}",
		"env = {A = '" + secret + "}",
		"env = {A = \"" + secret + "\\x\"}",
		"env = {A = ['" + secret + "']}",
		"env = {A = {B = '" + secret + "'}}",
		"env = {A = " + secret + "x}",
		"env = {A = 2020-13-" + secret + "}",
		"env = {A = '" + secret + "\\u0000', B = 1}",
		"env = {PATH = '" + secret + "'}",
		"env = ['A=" + secret + "']",
		"env = 'A=" + secret + "'",
		"env.A = '" + secret + "'\nenv.A = '" + secret + "'",
		"token = '" + secret + "'",
	} {
		_, err := Load(Sources{File: write(t, "[profiles.jupyter]\n"+text)})
		if err == nil || strings.Contains(err.Error(), secret) {
			t.Errorf("%s: got %v", text, err)
		}
	}
}
