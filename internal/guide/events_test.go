package guide

import (
	"bufio"
	"io"
	"iter"
	"strings"
)

// event is a server-sent event.
type event struct{ name, data string }

// events reads them from a stream until it ends.
func events(stream io.Reader) iter.Seq[event] {
	return func(yield func(event) bool) {
		var e event
		for r := bufio.NewReader(stream); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			switch line = strings.TrimSuffix(line, "\n"); {
			case line == "":
				if !yield(e) {
					return
				}
				e = event{}
			case strings.HasPrefix(line, "event: "):
				e.name = line[len("event: "):]
			case strings.HasPrefix(line, "data: "):
				e.data = line[len("data: "):]
			}
		}
	}
}
