//go:build !linux

package testenv

import "os/exec"

func endWithParent(*exec.Cmd) {}

func ofItsOwn(*exec.Cmd) {}
