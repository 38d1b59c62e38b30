package desktop

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"colabtray/internal/config"
	"colabtray/internal/i18n"
)

// launchAgent returns the path of the property list that starts the program at login.
// What the person switches off in System Settings below Login Items is not recorded
// there, and macOS has no way to query it.
func launchAgent() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, "Library", "LaunchAgents", appID+".plist"), err
}

// readLaunchAgent returns the program that macOS starts at login, "" for none.
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
		return nil // keep what the person may have added
	}
	if isTranslocated(program) {
		return errors.New(i18n.T("desktop.translocated"))
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
