package install

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	"colabtray/internal/i18n"
)

// WSL is what is known of the Windows Subsystem for Linux.
type WSL struct {
	// Distribution is, on Windows, a distribution in which an engine runs, and "" where
	// none was found.
	Distribution string
	// Networking is how its Linux is connected to Windows.
	Networking Networking
}

// Networking is how the Linux of WSL is connected to Windows, and with that whether
// programs of Windows reach a port of Linux at localhost.
type Networking struct {
	// Mode is the networking mode as WSL names it, such as "nat" and "mirrored"; ""
	// where it is not known.
	Mode string
	// Forwards tells whether ports of Linux are ports of Windows' localhost, as far as
	// Known.
	Forwards, Known bool
}

// Limits of what is read of WSL.
const (
	maxWSLOutput     = 16 << 10 // bytes
	maxDistributions = 4
	wslTime          = 4 * time.Second // for all of it
)

// FindWSL looks for an engine in the distributions that run, and starts none. It takes
// 4 seconds at most, and finds nothing on other systems than Windows.
func FindWSL(ctx context.Context) (found WSL) {
	h := thisHost()
	if h.os != "windows" || !h.has("wsl.exe") {
		return found
	}
	ctx, cancel := context.WithTimeout(ctx, wslTime)
	defer cancel()
	for _, name := range distributions(wsl(ctx, "--list", "--running", "--quiet")) {
		version := wsl(ctx, "--distribution", name, "--exec", "docker", "version", "--format", "{{.Server.Version}}")
		if !isVersion(version) {
			continue
		}
		found.Distribution = name
		found.Networking = networking("", readWSLConfig(filepath.Join(h.getenv("USERPROFILE"), ".wslconfig")), true)
		break
	}
	return found
}

// InsideWSL returns how this Linux is connected to Windows. It is only asked for in WSL.
func InsideWSL(ctx context.Context) Networking {
	ctx, cancel := context.WithTimeout(ctx, wslTime)
	defer cancel()
	mode := output(exec.CommandContext(ctx, "wslinfo", "--networking-mode")) // from WSL 2.0 on
	const users = "/mnt/c/Users"
	_, err := os.Stat(users)
	files, _ := filepath.Glob(users + "/*/.wslconfig")
	if len(files) > 1 { // whose is in force cannot be told
		return networking(string(mode), nil, false)
	}
	var config []byte
	if len(files) == 1 {
		config = readWSLConfig(files[0])
	}
	return networking(string(mode), config, err == nil)
}

// ways returns how to use the engine that was found.
func (w WSL) ways() []Way {
	if w.Distribution == "" {
		return nil
	}
	note := i18n.T("install.note.inWSL", "distribution", w.Distribution)
	if w.Networking.Known && !w.Networking.Forwards {
		note = i18n.Sentences(note, w.Networking.text())
	}
	return []Way{{
		Title:    i18n.T("install.inWSL", "distribution", w.Distribution),
		Commands: []string{"wsl --distribution " + w.Distribution},
		Page:     pageWSL,
		Note:     note,
	}}
}

// Notice tells a person whose program runs in WSL whether browsers of Windows reach it.
func (n Networking) Notice() string {
	return i18n.Sentences(i18n.T("install.note.insideWSL"), n.text())
}

func (n Networking) text() string {
	switch {
	case !n.Known:
		return i18n.T("install.note.forwardsPerhaps")
	case n.Forwards:
		return i18n.T("install.note.forwards")
	case n.Mode == "nat" || n.Mode == "virtioproxy" || n.Mode == "":
		return i18n.T("install.note.forwardsNot")
	default:
		return i18n.T("install.note.forwardsMode", "mode", n.Mode)
	}
}

// wsl returns what the command of WSL prints, nil where it fails.
func wsl(ctx context.Context, args ...string) []byte {
	return output(exec.CommandContext(ctx, "wsl.exe", args...))
}

// output returns what a command prints, nil where it fails or prints too much.
func output(cmd *exec.Cmd) []byte {
	cmd.WaitDelay = time.Second
	hideWindow(cmd)
	pipe, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		return nil
	}
	out, _ := io.ReadAll(io.LimitReader(pipe, maxWSLOutput+1))
	if len(out) > maxWSLOutput {
		_ = cmd.Process.Kill()
	}
	if cmd.Wait() != nil {
		return nil
	}
	return out
}

func readWSLConfig(path string) []byte {
	info, err := os.Stat(path)
	if err != nil || !info.Mode().IsRegular() || info.Size() > maxWSLOutput {
		return nil
	}
	text, _ := os.ReadFile(path)
	return text
}

// distributionName matches the names that WSL gives distributions. Else it would be a
// message, such as that there are none.
var distributionName = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`) })

// distributions returns the first distributions of a list that WSL has printed. Those that
// are virtual machines of an engine for Windows are left out.
func distributions(list []byte) (names []string) {
	for line := range strings.Lines(decodeWSL(list)) {
		name := strings.TrimSpace(line)
		lower := strings.ToLower(name)
		if !distributionName().MatchString(name) || strings.HasPrefix(lower, "docker-desktop") ||
			strings.HasPrefix(lower, "rancher-desktop") || strings.HasPrefix(lower, "podman-") {
			continue
		}
		if names = append(names, name); len(names) == maxDistributions {
			break
		}
	}
	return names
}

// decodeWSL returns a text of WSL's command, which is in UTF-16, little end first, unless
// WSL_UTF8 is set.
func decodeWSL(text []byte) string {
	if !bytes.Contains(text, []byte{0}) {
		return strings.ToValidUTF8(string(text), "")
	}
	units := make([]uint16, 0, len(text)/2)
	for i := 0; i+1 < len(text); i += 2 {
		units = append(units, uint16(text[i])|uint16(text[i+1])<<8)
	}
	return strings.TrimPrefix(string(utf16.Decode(units)), "\ufeff")
}

var version = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`^[0-9]+\.[0-9][0-9A-Za-z.+~-]{0,40}\s*$`) })

// isVersion reports whether an engine has answered with its version.
func isVersion(text []byte) bool { return version().Match(text) }

// networking returns what a mode that WSL tells, "" for none, and the file .wslconfig say.
// The defaults are known where readable tells that the file could have been read.
func networking(mode string, config []byte, readable bool) Networking {
	forwarding := "true"
	settings := wslSettings(config)
	if value, is := settings["wsl2.localhostforwarding"]; is {
		forwarding = value
	}
	for _, section := range []string{"wsl2", "experimental"} {
		if value := settings[section+".networkingmode"]; mode == "" {
			mode = value
		}
	}
	mode = strings.ToLower(strings.TrimSpace(decodeWSL([]byte(mode))))
	switch mode {
	case "mirrored": // Windows and Linux share localhost, whatever the setting is
		return Networking{mode, true, true}
	case "none", "bridged":
		return Networking{mode, false, true}
	case "nat", "virtioproxy":
		return Networking{mode, forwarding != "false", readable}
	default: // unknown words are NAT to WSL
		return Networking{"", forwarding != "false", readable}
	}
}

// wslSettings reads .wslconfig: the values by "section.key", in lower case.
func wslSettings(config []byte) map[string]string {
	settings := map[string]string{}
	section := ""
	for line := range strings.Lines(strings.TrimPrefix(decodeWSL(config), "\ufeff")) {
		line, _, _ = strings.Cut(line, "#")
		line = strings.ToLower(strings.TrimSpace(line))
		if name, is := strings.CutPrefix(line, "["); is {
			section = strings.TrimSuffix(name, "]")
		} else if key, value, is := strings.Cut(line, "="); is {
			settings[section+"."+strings.TrimSpace(key)] = strings.Trim(strings.TrimSpace(value), `"`)
		}
	}
	return settings
}
