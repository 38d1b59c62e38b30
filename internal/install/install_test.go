package install

import (
	"net/url"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"colabtray/internal/i18n"
)

// The files of the distributions, as they ship them, without what is not read.
var releases = map[string]string{
	"debian":     "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\nNAME=\"Debian GNU/Linux\"\nID=debian\n",
	"ubuntu":     "PRETTY_NAME=\"Ubuntu 24.04.1 LTS\"\nID=ubuntu\nID_LIKE=debian\n",
	"mint":       "PRETTY_NAME=\"Linux Mint 22\"\nID=linuxmint\nID_LIKE=\"ubuntu debian\"\n",
	"fedora":     "NAME=\"Fedora Linux\"\nID=fedora\nPRETTY_NAME=\"Fedora Linux 41 (Workstation Edition)\"\n",
	"rocky":      "PRETTY_NAME=\"Rocky Linux 9.4\"\nID=\"rocky\"\nID_LIKE=\"rhel centos fedora\"\n",
	"arch":       "PRETTY_NAME=\"Arch Linux\"\nID=arch\n",
	"manjaro":    "PRETTY_NAME='Manjaro Linux'\nID=manjaro\nID_LIKE=arch\n",
	"tumbleweed": "PRETTY_NAME=\"openSUSE Tumbleweed\"\nID=\"opensuse-tumbleweed\"\nID_LIKE=\"opensuse suse\"\n",
	"alpine":     "PRETTY_NAME=\"Alpine Linux v3.20\"\nID=alpine\n",
	"nixos":      "PRETTY_NAME=\"NixOS 24.05 (Uakari)\"\nID=nixos\n",
	"unheard":    "PRETTY_NAME=\"Unheard 1\"\nID=unheard\n# a comment\nnonsense\n",
	"none":       "",
}

func TestDocker(t *testing.T) {
	for _, test := range []struct {
		name, release   string
		systemd, wsl    bool
		os              string
		system          string
		ways            []string
		page            string
		commands        []string // of the first way that has some
		withoutCommands bool
	}{
		{name: "Debian", release: "debian", systemd: true, system: "Debian GNU/Linux 13 (trixie)", page: "https://docs.docker.com/engine/install/debian/", commands: []string{"sudo apt-get update", "sudo apt-get install docker.io", joinGroup}},
		{name: "Debian without systemd", release: "debian", page: "https://docs.docker.com/engine/install/debian/", commands: []string{"sudo apt-get update", "sudo apt-get install docker.io", "sudo service docker start", joinGroup}},
		{name: "Ubuntu", release: "ubuntu", systemd: true, system: "Ubuntu 24.04.1 LTS", page: "https://docs.docker.com/engine/install/ubuntu/", commands: []string{"sudo apt-get update", "sudo apt-get install docker.io", joinGroup}},
		{name: "Mint", release: "mint", systemd: true, page: "https://docs.docker.com/engine/install/ubuntu/", commands: []string{"sudo apt-get update", "sudo apt-get install docker.io", joinGroup}},
		{name: "Fedora", release: "fedora", systemd: true, page: "https://docs.docker.com/engine/install/fedora/", commands: []string{"sudo dnf install moby-engine", startSystemd, joinGroup}},
		{name: "Rocky", release: "rocky", systemd: true, page: "https://docs.docker.com/engine/install/rhel/", commands: []string{"sudo dnf install podman", "systemctl --user enable --now podman.socket", "export DOCKER_HOST=unix://$XDG_RUNTIME_DIR/podman/podman.sock"}},
		{name: "Arch", release: "arch", systemd: true, page: "https://wiki.archlinux.org/title/Docker", commands: []string{"sudo pacman -S docker", startSystemd, joinGroup}},
		{name: "Manjaro", release: "manjaro", systemd: true, system: "Manjaro Linux", page: "https://wiki.archlinux.org/title/Docker", commands: []string{"sudo pacman -S docker", startSystemd, joinGroup}},
		{name: "openSUSE", release: "tumbleweed", systemd: true, page: "https://en.opensuse.org/Docker", commands: []string{"sudo zypper install docker", startSystemd, joinGroup}},
		{name: "Alpine", release: "alpine", page: pageAlpine, commands: []string{"doas apk add docker", "doas rc-update add docker", "doas service docker start", `doas addgroup "$USER" docker`}},
		{name: "NixOS", release: "nixos", systemd: true, page: pageNixOS, commands: []string{"sudo nixos-rebuild switch"}},
		{name: "one unheard of", release: "unheard", system: "Unheard 1", page: pageEngine, withoutCommands: true},
		{name: "one without a name", release: "none", system: "Linux", page: pageEngine, withoutCommands: true},
		{name: "WSL", release: "ubuntu", systemd: true, wsl: true, system: "Ubuntu 24.04.1 LTS in WSL", ways: []string{"Docker Desktop", "Docker Engine, from the packages of your system"}, page: pageWSL, commands: []string{"sudo apt-get update", "sudo apt-get install docker.io", joinGroup}},
		{name: "Windows", os: "windows", system: "Windows", page: pageWindows, commands: []string{"winget install --exact --id Docker.DockerDesktop"}},
		{name: "macOS", os: "darwin", system: "macOS", ways: []string{"Docker Desktop", "Colima"}, page: pageMac, commands: []string{"brew install --cask docker-desktop", "open -a Docker"}},
		{name: "FreeBSD", os: "freebsd", system: "this system", page: pageEngine, withoutCommands: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := parse(releases[test.release])
			s.Systemd, s.WSL = test.systemd, test.wsl
			if test.os != "" {
				s = System{OS: test.os}
			}
			h := Docker(s)
			if test.system != "" && h.System != test.system {
				t.Errorf("it is called %q, not %q", h.System, test.system)
			}
			var titles []string
			var commands []string
			for _, w := range h.Ways {
				titles = append(titles, w.Title)
				if commands == nil {
					commands = w.Commands
				}
				if u, err := url.Parse(w.Page); err != nil || u.Scheme != "https" {
					t.Errorf("%q is no page", w.Page)
				}
			}
			if test.ways != nil && !slices.Equal(titles, test.ways) {
				t.Errorf("the ways are %q, not %q", titles, test.ways)
			}
			if len(h.Ways) == 0 || h.Ways[0].Page != test.page {
				t.Errorf("the page is not %s in %+v", test.page, h.Ways)
			}
			if !slices.Equal(commands, test.commands) || test.withoutCommands != (len(commands) == 0) {
				t.Errorf("the commands are %q, not %q", commands, test.commands)
			}
		})
	}
}

// TestSameAsScript holds that `make run` and the guide give the same commands.
func TestSameAsScript(t *testing.T) {
	text, err := os.ReadFile("../../scripts/engine")
	if err != nil {
		t.Fatal(err)
	}
	script := strings.ReplaceAll(string(text), `\"`, `"`)
	script = strings.ReplaceAll(script, `\$`, `$`)
	for _, release := range []string{"debian", "fedora", "arch"} {
		s := parse(releases[release])
		s.Systemd = true
		for _, command := range Docker(s).Ways[0].Commands {
			if command != "sudo apt-get update" && !strings.Contains(script, command) {
				t.Errorf("%s: scripts/engine does not have %q", release, command)
			}
		}
	}
	for _, page := range []string{pageMac, pageWindows, pageEngine, "winget install", "brew install docker colima"} {
		if !strings.Contains(script, page) {
			t.Errorf("scripts/engine does not have %q", page)
		}
	}
}

func TestThis(t *testing.T) {
	s := Detect()
	if s.OS != runtime.GOOS {
		t.Errorf("this is %+v", s)
	}
	if len(Docker(s).Ways) == 0 {
		t.Error("there is no way to an engine here")
	}
}

// TestTranslated holds that the words are translated and the commands as they were.
func TestTranslated(t *testing.T) {
	t.Cleanup(func() { i18n.Use(i18n.English) })
	for name, release := range releases {
		s := parse(release)
		s.WSL = true
		i18n.Use(i18n.English)
		english := Docker(s)
		for _, language := range i18n.Languages()[1:] {
			i18n.Use(language)
			translated := Docker(s)
			if len(english.Ways) != len(translated.Ways) {
				t.Fatalf("%s, in %s: there are %+v", name, language, translated.Ways)
			}
			for i, way := range english.Ways {
				other := translated.Ways[i]
				if !slices.Equal(way.Commands, other.Commands) || way.Page != other.Page {
					t.Errorf("%s, in %s: there is another way, %+v", name, language, other)
				}
				if way.Note != "" && way.Note == other.Note || way.Title == other.Title && strings.Contains(way.Title, ",") {
					t.Errorf("%s: %q and %q are not translated into %s", name, other.Title, other.Note, language)
				}
			}
		}
	}
}
