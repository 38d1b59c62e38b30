package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// pullMessage is one line of the stream that a pull answers with (Docker Engine
// API, POST /images/create).
type pullMessage struct {
	ID       string `json:"id"`
	Status   string `json:"status"`
	Progress struct {
		Current int64 `json:"current"`
		Total   int64 `json:"total"`
	} `json:"progressDetail"`
	Error  string `json:"error"`
	Detail struct {
		Message string `json:"message"`
	} `json:"errorDetail"`
}

// maxLayer is more bytes than any layer has: what an engine says beyond it, or
// below nothing, is no measure of anything.
const maxLayer = 1 << 40

// layer is how far one layer of an image is.
type layer struct {
	bytes, total int64
	done         bool
}

// readPull reads the stream of a pull to its end, and returns the error that it
// carries. progress is called when what it tells has changed. Podman says no
// more of a layer once it is downloaded, and counts the image's description as
// one.
func readPull(stream io.Reader, podman bool, progress func(engine.Progress)) error {
	layers := map[string]*layer{}
	var last engine.Progress
	for decoder := json.NewDecoder(stream); ; {
		var m pullMessage
		switch err := decoder.Decode(&m); {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("%s: %w", i18n.T("problem.pullUnreadable"), err)
		case m.Detail.Message != "":
			return errors.New(m.Detail.Message)
		case m.Error != "":
			return errors.New(m.Error)
		}
		if podman && m.Status == "Download complete" {
			m.Status = "Pull complete"
		}
		m.count(layers)
		if now := sum(layers); now != last {
			last = now
			progress(now)
		}
	}
}

// count notes what the message says of a layer.
func (m pullMessage) count(layers map[string]*layer) {
	l := layers[m.ID]
	if l == nil {
		switch m.Status {
		case "Pulling fs layer", "Waiting", "Downloading", "Download complete", "Extracting", "Pull complete", "Already exists":
		default:
			return // a line about the image, such as "Digest: ..."
		}
		l = &layer{}
		layers[m.ID] = l
	}
	switch m.Status {
	case "Downloading":
		l.bytes = min(max(m.Progress.Current, 0), maxLayer)
		l.total = min(max(m.Progress.Total, l.bytes), maxLayer)
	case "Verifying Checksum", "Download complete", "Extracting":
		l.bytes = l.total
	case "Pull complete", "Already exists":
		l.bytes, l.done = l.total, true
	}
}

func sum(layers map[string]*layer) engine.Progress {
	p := engine.Progress{Layers: len(layers)}
	for _, l := range layers {
		p.Bytes += l.bytes
		p.Total += l.total
		if l.done {
			p.LayersDone++
		}
	}
	return p
}
