package guide

import (
	"bytes"
	"compress/gzip"
	"sync"
)

// zipper compresses the files of the page, one at a time: its memory is several times
// that of what it compresses.
var zipper struct {
	mu     sync.Mutex
	writer *gzip.Writer // nil while nothing was compressed
}

func zipped(text []byte) []byte {
	zipper.mu.Lock()
	defer zipper.mu.Unlock()
	var to bytes.Buffer
	if zipper.writer == nil {
		zipper.writer = gzip.NewWriter(&to)
	}
	zipper.writer.Reset(&to)
	_, _ = zipper.writer.Write(text) // a buffer takes all
	_ = zipper.writer.Close()
	return to.Bytes()
}
