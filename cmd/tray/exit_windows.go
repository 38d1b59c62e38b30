package main

import (
	"os"

	"golang.org/x/sys/windows"
)

// exit ends the program, which has nothing left to do, without the farewell of
// the libraries that os.Exit lets them have. That of COM lets go of what the
// library for notifications has registered, which is in Go: it would be called
// when Go does not run any more ("fatal error: exitsyscall: syscall frame is no
// longer valid"), and the process would hang.
func exit(code int) {
	_ = windows.TerminateProcess(windows.CurrentProcess(), uint32(code))
	os.Exit(code)
}
