package cli

import (
	"os"
	"time"

	"golang.org/x/sys/windows"
)

// resizes returns a channel that receives a value when the console can have another
// size: Windows tells of that only among the keys, which belong to the shell.
func resizes() (changed <-chan time.Time, stop func()) {
	ticker := time.NewTicker(time.Second / 2)
	return ticker.C, ticker.Stop
}

// showEscapes makes a console obey escape sequences until restore.
func showEscapes(output *os.File) (restore func()) {
	console := windows.Handle(output.Fd())
	var before uint32
	if windows.GetConsoleMode(console, &before) != nil ||
		windows.SetConsoleMode(console, before|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING|windows.DISABLE_NEWLINE_AUTO_RETURN) != nil {
		return func() {}
	}
	return func() { _ = windows.SetConsoleMode(console, before) }
}
