package docker

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// pullMessage is one line of the response to a pull (Docker Engine API, POST
// /images/create).
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

// maxLayer is more than the size of any layer, in bytes. Sizes from the engine are
// limited to 0 to maxLayer.
const maxLayer = 1 << 40

// layer is the progress of one layer of an image.
type layer struct {
	bytes, total int64
	done         bool
}

// readPull reads the response to a pull to its end, and returns the error in it, if
// any. It calls progress whenever the progress has changed. Podman reports nothing more
// of a layer after its download, and counts the image's configuration as a layer.
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

// count updates the layer that the message is about.
func (m pullMessage) count(layers map[string]*layer) {
	l := layers[m.ID]
	if l == nil {
		switch m.Status {
		case "Pulling fs layer", "Waiting", "Downloading", "Download complete", "Extracting", "Pull complete", "Already exists":
		default:
			return // about the image, such as "Digest: ..."
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

// sum adds up the progress of all layers.
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
