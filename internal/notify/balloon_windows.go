package notify

import (
	"os"
	"runtime"
	"time"

	"github.com/tadvi/systray"

	"colabtray/assets"
	"colabtray/internal/i18n"
)

// balloon shows a message at an icon of its own, the way before there were toasts: the
// tray's icon belongs to its toolkit. The zero value has no icon.
type balloon struct {
	icon *systray.Systray
	hide *time.Timer
}

// balloonTime is how long a message is shown.
const balloonTime = 10 * time.Second

// show replaces the message that is shown.
func (b *balloon) show(a Announcement) error {
	if b.icon == nil {
		icon, err := newBalloonIcon()
		if err != nil {
			return err
		}
		b.icon = icon
		b.hide = time.AfterFunc(balloonTime, func() { _ = icon.SetVisible(false) })
	}
	b.hide.Reset(balloonTime)
	if err := b.icon.SetVisible(true); err != nil {
		return err
	}
	// Windows cuts what is longer, and the library does not end what it cuts.
	return b.icon.ShowMessage(i18n.FirstUnits(a.Title, 63), i18n.FirstUnits(a.Body, 255), true)
}

func (b *balloon) close() {
	if b.icon != nil {
		b.hide.Stop()
		_ = b.icon.Stop()
	}
}

// newBalloonIcon makes the icon on a thread that serves its window as long as the
// process lives: others' messages to all windows wait for it.
func newBalloonIcon() (*systray.Systray, error) {
	type made struct {
		icon *systray.Systray
		err  error
	}
	result := make(chan made, 1)
	go func() {
		runtime.LockOSThread()
		icon, err := systray.New()
		if err == nil {
			err = showIcon(icon)
		}
		result <- made{icon, err}
		if err == nil {
			_ = icon.Run()
		}
	}()
	m := <-result
	return m.icon, m.err
}

// showIcon gives the icon its picture, which is read from a file.
func showIcon(icon *systray.Systray) error {
	file, err := os.CreateTemp("", "colab-tray-*.ico")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	_, err = file.Write(assets.AppICO)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return icon.ShowCustom(file.Name(), appName)
}
