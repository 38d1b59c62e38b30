// Command screenshots takes the pictures of the README. They show bin/colab-tray on a
// real desktop, with a real runtime that is removed afterwards. It needs the same parts
// as the tests (test/setup).
package main

import (
	"context"
	"errors"
	"fmt"
	"image"
	"image/draw"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"

	"colabtray/assets"
	"colabtray/test/desktop"
	"colabtray/test/testenv"
)

const (
	pictures = "docs/images"
	program  = "bin/colab-tray"
	// margin is the space around the subject of a picture, in pixels.
	margin = 24
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := capture(ctx); err != nil {
		fmt.Fprintf(os.Stderr, "screenshots: %v\n", err)
		os.Exit(1)
	}
}

func capture(ctx context.Context) (err error) {
	path, err := filepath.Abs(program)
	if err != nil {
		return err
	}
	s, err := desktop.Open(ctx, desktop.Options{})
	if err != nil {
		return err
	}
	defer s.Close()
	name := fmt.Sprintf("colab-tray-screenshots-%d", os.Getpid())
	defer func() { err = errors.Join(err, remove(name)) }()
	tray, err := s.Launch([]string{
		"DOCKER_HOST=" + os.Getenv("DOCKER_HOST"),
		"COLAB_TRAY_NAME=" + name, "COLAB_TRAY_IMAGE=" + testenv.Server2, fmt.Sprintf("COLAB_TRAY_PORT=%d", freePort()),
	}, path)
	if err != nil {
		return err
	}
	p := screenshotter{ctx: ctx, Session: s}

	p.do(s.ClickIcon(ctx, assets.Stopped))
	p.do(s.MoveMouse(ctx, image.Pt(300, 600)))
	note := p.find(s.NoteWindow(ctx))
	icon := p.find(s.Icon(ctx, assets.Ready))
	p.save("notification", note.Union(icon))

	p.do(s.CloseNote(ctx))
	p.do(s.MoveMouse(ctx, icon.Min.Add(icon.Size().Div(2))))
	p.save("ready", p.find(s.Tooltip(ctx)).Union(icon))

	menu := p.find(s.OpenMenu(ctx, assets.Ready))
	p.do(s.Point(ctx, tray.Pid(), "Copy Backend URL"))
	p.save("menu", menu.Union(icon))

	_, err = p.Run(ctx, "xdotool", "key", "Escape")
	p.do(err)
	p.do(s.Choose(ctx, tray.Pid(), assets.Ready, "Connect guide…"))
	if p.err != nil {
		return p.err
	}
	address, err := s.Opened(ctx, desktop.Browser)
	if err != nil {
		return err
	}
	return captureGuide(ctx, address)
}

// screenshotter takes pictures. After the first error it does nothing more.
type screenshotter struct {
	*desktop.Session
	ctx context.Context
	err error
}

func (p *screenshotter) do(err error) {
	if p.err == nil {
		p.err = err
	}
}

func (p *screenshotter) find(where image.Rectangle, err error) image.Rectangle {
	p.do(err)
	return where
}

// save takes a picture of a part of the screen.
func (p *screenshotter) save(name string, part image.Rectangle) {
	if p.err != nil {
		return
	}
	screen, err := p.Screenshot(p.ctx)
	if err != nil {
		p.err = err
		return
	}
	part = part.Inset(-margin)
	part.Max.X = screen.Bounds().Max.X // the whole clock
	part = part.Intersect(screen.Bounds())
	picture := image.NewRGBA(image.Rectangle{Max: part.Size()})
	draw.Draw(picture, picture.Bounds(), screen, part.Min, draw.Src)
	path := filepath.Join(pictures, name+".png")
	if p.err = desktop.Save(path, picture); p.err == nil {
		fmt.Println(path)
	}
}

// freePort returns the usual port, which looks best, or another one if that is in use.
func freePort() int {
	for _, address := range []string{"127.0.0.1:8888", "127.0.0.1:0"} {
		if l, err := net.Listen("tcp", address); err == nil {
			defer l.Close()
			return l.Addr().(*net.TCPAddr).Port
		}
	}
	return 8889
}

// remove removes the runtime of the pictures, and its data.
func remove(name string) error {
	for _, args := range [][]string{{"rm", "--force", "--volumes", name}, {"volume", "rm", "--force", name + "-data"}} {
		if out, err := exec.Command("docker", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("docker %s: %w: %s", strings.Join(args, " "), err, out)
		}
	}
	return nil
}
