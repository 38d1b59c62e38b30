package app

import (
	"unsafe"

	"golang.org/x/sys/windows"
)

var (
	kernel32              = windows.NewLazySystemDLL("kernel32.dll")
	getConsoleProcessList = kernel32.NewProc("GetConsoleProcessList")
	freeConsole           = kernel32.NewProc("FreeConsole")
)

// leaveOwnConsole closes the console window that Windows opened for this
// program alone, which is so when it was started from the desktop. A terminal
// that it was started in has the shell attached too, and stays.
//
// The program is one for the console, so that in a terminal the shell waits
// for it, pipes and exit codes work and Ctrl-C reaches it. From Windows 11
// 24H2 the manifest (consoleAllocationPolicy) keeps the window from opening at
// all; before, it is seen for a moment.
func leaveOwnConsole() {
	var pids [2]uint32
	attached, _, _ := getConsoleProcessList.Call(uintptr(unsafe.Pointer(&pids[0])), uintptr(len(pids)))
	if attached == 1 {
		_, _, _ = freeConsole.Call()
	}
}
