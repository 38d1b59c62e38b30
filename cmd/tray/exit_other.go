//go:build !windows

package main

import "os"

// exit ends the program.
func exit(code int) { os.Exit(code) }
