package desktop

import (
	"os"
	"os/exec"
)

// appID is the program's name on the desktop: of its desktop entry, and of the file
// that starts it at login.
const appID = "dev.colabtray.ColabTray"

// AutostartEnabled reports whether the desktop starts the program at login. It reads
// the setting each time, because the desktop's own settings can change it, too. A
// setting that names a missing program counts as off; see [RepairAutostart].
func AutostartEnabled() (bool, error) { return autostartEnabled() }

// SetAutostart switches the start at login on or off. It keeps changes that others
// made to the setting, as far as possible.
func SetAutostart(on bool) error {
	program, err := os.Executable()
	if err != nil {
		return err
	}
	return setAutostart(program, on)
}

// RepairAutostart updates a setting that starts a missing program at login, as after
// this program was moved. It reports whether there was something to update.
func RepairAutostart() (bool, error) {
	program, err := os.Executable()
	if err != nil {
		return false, err
	}
	return repairAutostart(program)
}

// isProgram reports whether a path, or a name to be found on PATH, is that of a
// program.
func isProgram(name string) bool {
	if name == "" {
		return false
	}
	_, err := exec.LookPath(name)
	return err == nil
}
