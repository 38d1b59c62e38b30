package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"sync"

	"git.sr.ht/~jackmordaunt/go-toast/wintoast"
	"golang.org/x/sys/windows/registry"
)

// What Windows knows the program by. The installer writes the same into the registry,
// and the first on the entry of the Start menu.
const (
	appUserModelID = "dev.colabtray.ColabTray"
	activatorID    = "{5B1C9E0A-8D47-4F0B-9C36-2E7A54D1F8C3}" // of the COM class that clicks arrive at
)

const appName = "Colab Tray"

// system is the notification service of Windows. It shows toasts, and a balloon at an
// icon of its own where Windows does not take a toast.
//
// Toasts and their buttons were never seen on a real Windows: Wine refuses toasts, and
// what it shows is the icon of the balloon.
type system struct {
	act     func(profile string, action Action)
	work    chan func() // for a thread of its own, as COM belongs to threads
	balloon balloon

	mu      sync.Mutex
	buttons map[string]click // all that were shown, by their arguments
}

func newServer(act func(profile string, action Action), _ *slog.Logger) server {
	s := &system{act: act, work: make(chan func()), buttons: map[string]click{}}
	wintoast.SetActivationCallback(func(_, arguments string, _ []wintoast.UserData) { s.clicked(arguments) })
	go func() {
		runtime.LockOSThread() // for as long as the process: COM calls back for a click
		for work := range s.work {
			work()
		}
	}()
	return s
}

// close leaves toasts where they are; Windows keeps them in its list.
func (s *system) close() { s.balloon.close() }

// withdraw does nothing: the library gives toasts no names to remove them by.
func (s *system) withdraw(context.Context, slot) error { return nil }

func (s *system) show(ctx context.Context, _ slot, a Announcement) error {
	if a.Kind == KindProgress {
		return nil // nothing can be replaced here, and a pile of them is no help
	}
	err := s.do(ctx, func() error { return s.toast(a) })
	if err == nil || ctx.Err() != nil {
		return err
	}
	if failed := s.do(ctx, func() error { return s.balloon.show(a) }); failed != nil {
		return errors.Join(err, failed)
	}
	return nil
}

// do runs a function on the thread for COM. Windows has no time limit for a call.
func (s *system) do(ctx context.Context, call func() error) error {
	result := make(chan error, 1)
	select {
	case s.work <- func() { result <- call() }:
	case <-ctx.Done():
		return fmt.Errorf("the system does not come back from an earlier notification: %w", ctx.Err())
	}
	select {
	case err := <-result:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *system) toast(a Announcement) error {
	if err := identify(); err != nil {
		return err
	}
	text, err := toastXML(a, s.offer(a))
	if err != nil {
		return err
	}
	return wintoast.Push(text) // without its way by PowerShell
}

// offer returns the buttons of an announcement, and remembers them.
func (s *system) offer(a Announcement) []click {
	if s.act == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var offered []click
	for _, action := range a.Actions {
		c := click{a.Profile, action}
		s.buttons[c.arguments()] = c
		offered = append(offered, c)
	}
	return offered
}

// clicked is called by Windows. A click on the toast itself has no arguments, and a
// button of a program that has ended is none of ours.
func (s *system) clicked(arguments string) {
	s.mu.Lock()
	c, known := s.buttons[arguments]
	s.mu.Unlock()
	if known {
		go s.act(c.profile, c.action)
	}
}

// identify tells Windows the name, the icon and the class for clicks of who shows
// toasts. The icon lies beside the program, as it has to last.
func identify() error {
	key, _, err := registry.CreateKey(registry.CURRENT_USER, `Software\Classes\AppUserModelId\`+appUserModelID, registry.SET_VALUE)
	if err != nil {
		return err
	}
	defer key.Close()
	// The library would take the identifier for the name.
	if err := key.SetStringValue("DisplayName", appName); err != nil {
		return err
	}
	if program, err := os.Executable(); err == nil {
		icon := filepath.Join(filepath.Dir(program), "colab-tray.png")
		if _, err := os.Stat(icon); err == nil {
			if err := key.SetStringValue("IconUri", icon); err != nil {
				return err
			}
		}
	}
	return wintoast.SetAppData(wintoast.AppData{AppID: appUserModelID, GUID: activatorID})
}
