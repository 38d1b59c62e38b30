package jupyter

import (
	"context"

	"colabtray/internal/i18n"
)

// maxVersion is how much of a version is of interest, in bytes.
const maxVersion = 100

// Version returns the version of the Jupyter server, as the server tells it.
func Version(ctx context.Context, u BackendURL) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	var about struct {
		Version string `json:"version"`
	}
	_, err := getJSON(ctx, u, "/api", &about)
	return i18n.Line(about.Version[:min(len(about.Version), maxVersion)]), err
}
