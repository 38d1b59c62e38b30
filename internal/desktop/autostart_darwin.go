package desktop

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"colabtray/internal/config"
)

// launchAgent is the path of the property list that starts the program. What
// System Settings switches off below Login Items is not in it, and macOS has no
// way to ask for that.
func launchAgent() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, "Library", "LaunchAgents", appID+".plist"), err
}

// readLaunchAgent returns the program that is started at login, "" for none.
func readLaunchAgent() (string, error) {
	path, err := launchAgent()
	if err != nil {
		return "", err
	}
	f, err := config.OpenRegular(path)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		return "", err
	}
	return launchAgentProgram(string(text))
}

func autostartEnabled() (bool, error) {
	program, err := readLaunchAgent()
	return isProgram(program), err
}

func setAutostart(program string, on bool) error {
	path, err := launchAgent()
	switch {
	case err != nil:
		return err
	case !on:
		if err := os.Remove(path); !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return nil
	}
	if before, err := readLaunchAgent(); err == nil && isProgram(before) {
		return nil // with what the person may have added
	}
	return replaceFile(path, newLaunchAgent(program))
}

func repairAutostart(program string) (bool, error) {
	before, err := readLaunchAgent()
	if err != nil || before == "" || isProgram(before) {
		return false, err
	}
	return true, setAutostart(program, true)
}
