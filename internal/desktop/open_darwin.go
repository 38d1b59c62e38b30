package desktop

import "os/exec"

func openText(path string) error { return exec.Command("open", "-t", path).Run() }
