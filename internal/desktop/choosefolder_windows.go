package desktop

import (
	"context"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/windows"
)

// HasFolderChooser reports whether [ChooseFolder] can show a window.
func HasFolderChooser(context.Context) bool {
	_, err := exec.LookPath("powershell.exe")
	return err == nil
}

// chooserScript shows the window. The title comes in the environment, where nothing of
// it is code.
const chooserScript = `Add-Type -AssemblyName System.Windows.Forms
[Console]::OutputEncoding = [Text.Encoding]::UTF8
$d = New-Object System.Windows.Forms.FolderBrowserDialog
$d.Description = $env:COLAB_TRAY_TITLE
$top = New-Object System.Windows.Forms.Form -Property @{TopMost = $true}
if ($d.ShowDialog($top) -eq 'OK') { [Console]::Out.Write($d.SelectedPath) } else { exit 1 }`

func chooseFolder(ctx context.Context, title string) (string, error) {
	cmd := exec.CommandContext(ctx, "powershell.exe", "-NoProfile", "-STA", "-Command", chooserScript)
	cmd.Env = append(os.Environ(), "COLAB_TRAY_TITLE="+title)
	cmd.SysProcAttr = &syscall.SysProcAttr{HideWindow: true, CreationFlags: windows.CREATE_NO_WINDOW}
	return chosen(cmd)
}
