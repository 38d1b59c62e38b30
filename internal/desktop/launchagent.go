package desktop

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
)

// isTranslocated reports whether macOS runs a program from a place of its own, because it
// is in a bundle that was downloaded and not moved since. The place is gone when the
// program ends. Apple calls it Gatekeeper path randomization.
func isTranslocated(program string) bool { return strings.Contains(program, "/AppTranslocation/") }

// newLaunchAgent returns the property list that makes macOS start a program at login;
// see launchd.plist(5).
func newLaunchAgent(program string) string {
	var path strings.Builder
	_ = xml.EscapeText(&path, []byte(program)) // writing to a Builder never fails
	return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
	<key>Label</key>
	<string>` + appID + `</string>
	<key>AssociatedBundleIdentifiers</key>
	<string>` + appID + `</string>
	<key>ProgramArguments</key>
	<array>
		<string>` + path.String() + `</string>
	</array>
	<key>RunAtLoad</key>
	<true/>
	<key>ProcessType</key>
	<string>Interactive</string>
	<key>LimitLoadToSessionType</key>
	<string>Aqua</string>
</dict>
</plist>
`
}

// launchAgentProgram returns the program that a property list starts at login, "" for
// none.
func launchAgentProgram(text string) (string, error) {
	decoder := xml.NewDecoder(strings.NewReader(text))
	var key, program string
	atLoad, disabled := false, false
	for {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", err
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch element.Name.Local {
		case "key":
			if err := decoder.DecodeElement(&key, &element); err != nil {
				return "", err
			}
		case "string":
			var value string
			if err := decoder.DecodeElement(&value, &element); err != nil {
				return "", err
			}
			if key == "Program" || key == "ProgramArguments" && program == "" {
				program = value
			}
		case "true":
			atLoad = atLoad || key == "RunAtLoad"
			disabled = disabled || key == "Disabled"
		}
	}
	if !atLoad || disabled {
		return "", nil
	}
	return program, nil
}
