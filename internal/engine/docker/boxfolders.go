package docker

import (
	"context"
	"fmt"
	"strings"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// lookAtFolders tells of each path whether the account can read it, cannot tell or read
// it, or knows that it is not there.
const lookAtFolders = `for path do
	if [ -e "$path" ]; then
		if [ -r "$path" ] && { [ ! -d "$path" ] || [ -x "$path" ]; }; then echo fine; else echo denied; fi
		continue
	fi
	above=$path
	while [ "$above" != / ] && [ ! -e "$above" ]; do above=$(dirname "$above"); done
	if [ -x "$above" ]; then echo missing; else echo denied; fi
done`

// checkFolders returns an error when a folder does not exist on the box, or when the
// engine, which runs as the account that logs in, cannot read it. What the account may
// not see, an engine of root's may use all the same. A box that cannot be asked, as its
// shell is another, leaves it to the engine.
func (b *box) checkFolders(ctx context.Context, folders []config.Folder, kind engine.Kind) error {
	if len(folders) == 0 || kind.Desktop {
		return nil
	}
	words := []string{"sh", "-c", lookAtFolders, "sh"}
	for _, f := range folders {
		words = append(words, f.Host)
	}
	told, err := b.Output(ctx, words...)
	lines := strings.Fields(told)
	if err != nil || len(lines) != len(folders) {
		return nil
	}
	for i, f := range folders {
		switch {
		case lines[i] == "missing":
			return noFolderError(f)
		case lines[i] == "denied" && kind.Rootless:
			return fmt.Errorf("%w: %s", engine.ErrFolderDenied, f.Host)
		}
	}
	return nil
}

// noFolderError is Docker's own error that a folder does not exist.
func noFolderError(f config.Folder) error {
	return fmt.Errorf("%w: %sbind source path does not exist: %s", engine.ErrNoFolder, engine.DaemonPrefix, f.Host)
}
