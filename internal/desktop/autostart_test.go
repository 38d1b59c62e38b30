package desktop

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestRunKey(t *testing.T) {
	for command, want := range map[string]string{
		runCommand(`C:\Program Files\Colab Tray\colab-tray.exe`):     `C:\Program Files\Colab Tray\colab-tray.exe`,
		`"C:\Program Files\Colab Tray\colab-tray.exe" --name "my x"`: `C:\Program Files\Colab Tray\colab-tray.exe`,
		`C:\colab-tray.exe -v`: `C:\colab-tray.exe`,
		` C:\colab-tray.exe `:  `C:\colab-tray.exe`,
		`"unfinished`:          `unfinished`,
		``:                     ``,
	} {
		if got := runProgram(command); got != want {
			t.Errorf("%s starts %q, want %q", command, got, want)
		}
	}
	for value, want := range map[string]bool{
		"": true, "\x02\x00\x00\x00": true, "\x06\x00": true,
		"\x03\x00\x00\x00\x5a\x1d": false, "\x07": false,
	} {
		if got := startupApproved([]byte(value)); got != want {
			t.Errorf("%x is approved: %v", value, got)
		}
	}
}

func TestWithoutConsole(t *testing.T) {
	program := filepath.Join(t.TempDir(), "colab-tray.exe")
	if got := withoutConsole(program); got != program {
		t.Errorf("alone it is %s", got)
	}
	beside := filepath.Join(filepath.Dir(program), "Colab Tray.exe")
	if err := os.WriteFile(beside, nil, 0o755); err != nil {
		t.Fatal(err)
	}
	if got := withoutConsole(program); got != beside {
		t.Errorf("beside the other it is %s", got)
	}
}

func TestLaunchAgent(t *testing.T) {
	const program = `/Applications/Colab & "Tray" <x>.app/Contents/MacOS/colab-tray`
	text := newLaunchAgent(program)
	if err := xml.Unmarshal([]byte(text), new(struct{})); err != nil {
		t.Error(err)
	}
	for name, test := range map[string]struct{ text, want string }{
		"ours":           {text, program},
		"disabled":       {strings.Replace(text, "<key>RunAtLoad", "<key>Disabled</key><true/><key>RunAtLoad", 1), ""},
		"not at load":    {strings.Replace(text, "<true/>", "<false/>", 1), ""},
		"with arguments": {strings.Replace(text, "</array>", "<string>-v</string></array>", 1), program},
		"Program":        {strings.Replace(text, "<key>Label", "<key>Program</key><string>/x</string><key>Label", 1), "/x"},
		"empty":          {"", ""},
	} {
		if got, err := launchAgentProgram(test.text); err != nil || got != test.want {
			t.Errorf("%s: got %q, %v; want %q", name, got, err, test.want)
		}
	}
	for path, want := range map[string]bool{
		program: false,
		"/private/var/folders/x/T/AppTranslocation/0-1/d/Colab Tray.app/Contents/MacOS/colab-tray": true,
	} {
		if isTranslocated(path) != want {
			t.Errorf("%s is taken for another kind of place", path)
		}
	}
	if _, err := launchAgentProgram("<plist><dict>"); err == nil {
		t.Error("half a file is taken")
	}
}
