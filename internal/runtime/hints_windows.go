package runtime

import "colabtray/internal/words"

const engineCommand = `start "" "%ProgramFiles%\Docker\Docker\Docker Desktop.exe"`

func engineHint(host string) string { return words.Say("problem.noEngineWindowsHint", "host", host) }
