package runtime

import "colabtray/internal/words"

const engineCommand = "open -a Docker"

func engineHint(host string) string { return words.Say("problem.noEngineMacHint", "host", host) }
