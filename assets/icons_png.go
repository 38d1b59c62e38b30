//go:build !windows

package assets

import _ "embed"

var (
	//go:embed png/no-engine.png
	noEngine []byte
	//go:embed png/stopped.png
	stopped []byte
	//go:embed png/busy.png
	busy []byte
	//go:embed png/ready.png
	ready []byte
	//go:embed png/problem.png
	problem []byte
)
