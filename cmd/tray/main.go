// Command colab-tray runs Google Colab notebooks on the person's own machine,
// from the system tray or from a terminal.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"colabtray/internal/app"
	"colabtray/internal/config"
	"colabtray/internal/notify"
)

// version is set when a release is built.
var version = "dev"

func main() {
	notify.Rehearse()
	config.EnsureHome()
	config.EnsurePath()
	exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal asks to end in good order; the second is not waited for.
	context.AfterFunc(ctx, stop)
	return app.Run(ctx, version, os.Args[1:])
}
