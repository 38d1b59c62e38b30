package desktop

import (
	"errors"

	"golang.org/x/sys/windows/registry"
)

const (
	runKey      = `Software\Microsoft\Windows\CurrentVersion\Run`
	approvedKey = `Software\Microsoft\Windows\CurrentVersion\Explorer\StartupApproved\Run`
	runValue    = "Colab Tray" // the name in Windows' list of startup apps
)

// readRun returns the command that Windows starts at login, "" for none, and whether
// it is still switched on in Windows' settings.
func readRun() (command string, approved bool, err error) {
	key, err := registry.OpenKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE)
	if errors.Is(err, registry.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	defer key.Close()
	command, _, err = key.GetStringValue(runValue)
	if errors.Is(err, registry.ErrNotExist) {
		return "", false, nil
	}
	if err != nil {
		return "", false, err
	}
	approval, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.QUERY_VALUE)
	if err != nil { // nothing is switched off
		return command, true, nil
	}
	defer approval.Close()
	value, _, _ := approval.GetBinaryValue(runValue)
	return command, startupApproved(value), nil
}

func autostartEnabled() (bool, error) {
	command, approved, err := readRun()
	return approved && isProgram(runProgram(command)), err
}

func setAutostart(program string, on bool) error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, runKey, registry.QUERY_VALUE|registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	// Remove what Windows' settings have recorded: the value is to be on, or is
	// removed itself.
	if approval, err := registry.OpenKey(registry.CURRENT_USER, approvedKey, registry.SET_VALUE); err == nil {
		_ = approval.DeleteValue(runValue)
		_ = approval.Close()
	}
	if !on {
		if err := key.DeleteValue(runValue); !errors.Is(err, registry.ErrNotExist) {
			return err
		}
		return nil
	}
	if command, _, err := key.GetStringValue(runValue); err == nil && isProgram(runProgram(command)) {
		return nil // keep what the person may have added
	}
	return key.SetStringValue(runValue, runCommand(withoutConsole(program)))
}

func repairAutostart(program string) (bool, error) {
	command, approved, err := readRun()
	if err != nil || command == "" || !approved || isProgram(runProgram(command)) {
		return false, err
	}
	return true, setAutostart(program, true)
}
