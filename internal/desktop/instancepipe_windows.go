package desktop

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net"

	"github.com/Microsoft/go-winio"
	"golang.org/x/sys/windows"
)

// listenForQueries listens on a named pipe, which no other user and nobody on another
// computer can open. It fails where the pipe exists already.
func listenForQueries(dir string) (net.Listener, error) {
	name, user, err := pipeOf(dir)
	if err != nil {
		return nil, err
	}
	// P: nothing is inherited. The network comes first, because it has this user's
	// rights when it is this user who comes by it.
	access := fmt.Sprintf("D:P(D;;GA;;;NU)(A;;GA;;;%s)", user)
	return winio.ListenPipe(name, &winio.PipeConfig{SecurityDescriptor: access})
}

// dialInstance connects to the pipe. The library lets the other side not act as this
// user.
func dialInstance(ctx context.Context, dir string) (net.Conn, error) {
	name, _, err := pipeOf(dir)
	if err != nil {
		return nil, err
	}
	return winio.DialPipeContext(ctx, name)
}

// pipeOf returns the name of the pipe for a directory, and this user's security
// identifier. Pipes of all users have their names in one place.
func pipeOf(dir string) (name, user string, err error) {
	of, err := windows.GetCurrentProcessToken().GetTokenUser()
	if err != nil {
		return "", "", err
	}
	user = of.User.Sid.String()
	return fmt.Sprintf(`\\.\pipe\colab-tray-%x`, sha256.Sum256([]byte(user+"\n"+dir))), user, nil
}
