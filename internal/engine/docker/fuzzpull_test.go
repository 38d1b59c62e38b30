package docker

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"testing"

	"colabtray/internal/engine"
)

// FuzzPull reads any stream of a pull. What it tells of the progress can be shown,
// and is told when it changes; the first error in the stream is the pull's.
func FuzzPull(f *testing.F) {
	f.Add([]byte(`{"status":"Downloading","id":"a","progressDetail":{"current":1,"total":2}}{"errorDetail":{"message":"no"},"error":"no"}`), false)
	f.Add([]byte(`{"status":"Downloading","id":"a","progressDetail":{"current":-1,"total":-2}}{"status":"Extracting","id":"a"}`), true)
	f.Add([]byte(`{"status":"Downloading","id":"a","progressDetail":{"current":9223372036854775807}}{"status":"Downloading","id":"b","progressDetail":{"current":9223372036854775807}}`), false)
	f.Add([]byte(`{"status":"Waiting","id":"a"}{"status":"Waiting","id":"a"}{"error":"no"}`), false)
	f.Add([]byte(`{"status":"Waiting","id":"a"}{"status":"Download complete","id":"a"}{"status":"Pull complete","id":"a"}{"id":`), true)
	f.Fuzz(func(t *testing.T, stream []byte, podman bool) {
		var last engine.Progress
		err := readPull(bytes.NewReader(stream), podman, func(p engine.Progress) {
			if p == last {
				t.Errorf("%+v was told twice", p)
			}
			if p.Layers < last.Layers || p.LayersDone < 0 || p.LayersDone > p.Layers || p.Bytes < 0 || p.Bytes > p.Total {
				t.Errorf("after %+v it is %+v", last, p)
			}
			last = p
		})
		if message, whole := errorIn(stream); message != "" && (err == nil || err.Error() != message) {
			t.Errorf("the engine says %q, the pull %v", message, err)
		} else if message == "" && whole != (err == nil) {
			t.Errorf("the pull ends with %v", err)
		}
	})
}

// errorIn returns the first error that a stream carries, and whether the stream
// can be read to its end where it carries none.
func errorIn(stream []byte) (message string, whole bool) {
	for decoder := json.NewDecoder(bytes.NewReader(stream)); ; {
		var m pullMessage
		if err := decoder.Decode(&m); err != nil {
			return "", errors.Is(err, io.EOF)
		}
		for _, message := range []string{m.Detail.Message, m.Error} {
			if message != "" {
				return message, false
			}
		}
	}
}
