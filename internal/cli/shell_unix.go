//go:build unix

package cli

import (
	"os"
	"os/signal"
	"syscall"
)

// resizes returns a channel that receives a value when the terminal has another size.
func resizes() (changed <-chan os.Signal, stop func()) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGWINCH)
	return signals, func() { signal.Stop(signals) }
}

// showEscapes makes a terminal obey escape sequences, as terminals here do anyway.
func showEscapes(*os.File) (restore func()) { return func() {} }
