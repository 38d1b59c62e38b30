package install

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"colabtray/test/testenv"
)

// wide is a text as WSL's command prints it.
func wide(text string) []byte {
	var out []byte
	for _, unit := range utf16.Encode([]rune(text)) {
		out = append(out, byte(unit), byte(unit>>8))
	}
	return out
}

func TestDistributions(t *testing.T) {
	for name, c := range map[string]struct {
		list []byte
		want []string
	}{
		"as WSL prints them": {wide("Ubuntu-24.04\r\nDebian\r\n"), []string{"Ubuntu-24.04", "Debian"}},
		"with WSL_UTF8":      {[]byte("Ubuntu\r\n"), []string{"Ubuntu"}},
		"with a mark":        {wide("\ufeffUbuntu\r\n"), []string{"Ubuntu"}},
		"engines' own":       {wide("docker-desktop\r\ndocker-desktop-data\r\nrancher-desktop\r\npodman-machine-default\r\nUbuntu\r\n"), []string{"Ubuntu"}},
		"none":               {wide("There are no running distributions.\r\n"), nil},
		"none in German":     {wide("Keine ausgeführten Distributionen.\r\n"), nil},
		"no WSL":             {nil, nil},
		"options, controls":  {wide("--shutdown\r\n-e\r\n\x1b[2J\r\na b\r\n../x\r\nUb\u202euntu\r\n"), nil},
		"half a character":   {append(wide("Ubuntu\r\nDebian"), 'x'), []string{"Ubuntu", "Debian"}},
		"very long":          {wide(strings.Repeat("x", 1000)), nil},
		"very many":          {[]byte(strings.Repeat("Ubuntu\n", 1000)), []string{"Ubuntu", "Ubuntu", "Ubuntu", "Ubuntu"}},
	} {
		if got := distributions(c.list); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestVersionInWSL(t *testing.T) {
	for text, want := range map[string]bool{
		"28.1.1\n": true, "20.10.24+dfsg1\n": true, "27.0.3-rd\r\n": true,
		"": false, "The command 'docker' could not be found in this WSL 2 distro.\n": false, "1.2 rm\n": false, "<no value>": false,
	} {
		if got := isVersion([]byte(text)); got != want {
			t.Errorf("%q is a version: %t", text, got)
		}
	}
}

func TestNetworking(t *testing.T) {
	for name, c := range map[string]struct {
		mode, config string
		readable     bool
		want         Networking
		says         string
	}{
		"defaults":             {"", "", true, Networking{"", true, true}, "reach the runtime as well"},
		"defaults of a new":    {"nat\n", "", true, Networking{"nat", true, true}, "reach the runtime as well"},
		"file unreadable":      {"nat\n", "", false, Networking{"nat", true, false}, "unless localhostForwarding=false"},
		"off":                  {"", "[wsl2]\r\nmemory=4GB\r\nlocalhostForwarding = false # for work\r\n", true, Networking{"", false, true}, "Take localhostForwarding=false out"},
		"off, in capitals":     {"nat", "[WSL2]\nLocalhostForwarding=FALSE\n", true, Networking{"nat", false, true}, "Take localhostForwarding=false out"},
		"off, of another part": {"nat", "[other]\nlocalhostForwarding=false\n", true, Networking{"nat", true, true}, "reach the runtime as well"},
		"off, in a comment":    {"nat", "[wsl2]\n#localhostForwarding=false\n", true, Networking{"nat", true, true}, "reach the runtime as well"},
		"mirrored":             {"", "[wsl2]\nnetworkingMode=mirrored\nlocalhostForwarding=false\n", true, Networking{"mirrored", true, true}, "reach the runtime as well"},
		"mirrored, as it was":  {"", "[experimental]\nnetworkingMode=Mirrored\n", true, Networking{"mirrored", true, true}, "reach the runtime as well"},
		"mirrored, in force":   {"mirrored\n", "", false, Networking{"mirrored", true, true}, "reach the runtime as well"},
		"not in force yet":     {"nat\n", "[wsl2]\nnetworkingMode=mirrored\n", true, Networking{"nat", true, true}, "reach the runtime as well"},
		"none":                 {"none\n", "", true, Networking{"none", false, true}, "networkingMode=none"},
		"hostile":              {"\x1b[2Jnone\u202e", "\x00[wsl2\n=\n[", true, Networking{"", true, true}, "reach the runtime as well"},
	} {
		got := networking(c.mode, []byte(c.config), c.readable)
		if got != c.want || !strings.Contains(got.Notice(), c.says) {
			t.Errorf("%s: %+v, want %+v: %s", name, got, c.want, got.Notice())
		}
	}
}

// TestEngineInWSL holds that an engine that was found is the first way, and that what
// is off is told with it.
func TestEngineInWSL(t *testing.T) {
	for _, c := range []struct {
		forwards bool
		note     string
	}{{true, "Resources > WSL integration"}, {false, "Take localhostForwarding=false out"}} {
		found := WSL{Distribution: "Ubuntu", Networking: Networking{Mode: "nat", Forwards: c.forwards, Known: true}}
		ways := Docker(System{OS: "windows", Found: found}).Ways
		if len(ways) != 2 || ways[0].Title != "Docker in WSL (Ubuntu)" || !slices.Equal(ways[0].Commands, []string{"wsl --distribution Ubuntu"}) ||
			!strings.Contains(ways[0].Note, c.note) {
			t.Errorf("the ways are %+v", ways)
		}
	}
}

// TestOutput holds that what a command prints is bounded, however much that is.
func TestOutput(t *testing.T) {
	testenv.NeedCommand(t, "sh")
	for script, want := range map[string]string{
		"echo Ubuntu": "Ubuntu\n", "yes": "", "echo Ubuntu; exit 1": "",
	} {
		if got := output(exec.CommandContext(t.Context(), "sh", "-c", script)); string(got) != want {
			t.Errorf("of %q there is %.100q", script, got)
		}
	}
	if got := output(exec.CommandContext(t.Context(), "no-such-command-here")); got != nil {
		t.Errorf("without a command there is %q", got)
	}
}
