package assets

import _ "embed"

var (
	//go:embed ico/no-engine.ico
	noEngine []byte
	//go:embed ico/stopped.ico
	stopped []byte
	//go:embed ico/busy.ico
	busy []byte
	//go:embed ico/ready.ico
	ready []byte
	//go:embed ico/problem.ico
	problem []byte
)
