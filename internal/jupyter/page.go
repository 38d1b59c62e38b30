package jupyter

import (
	"context"
	"fmt"
	"net/http"
)

// pages are the pages for people that a Jupyter server can have, the preferred one
// first: JupyterLab, and the file tree of Jupyter Notebook.
var pages = []string{"/lab", "/tree"}

// Page returns the path of the server's page for people. The error is a
// [*problem.Problem] when the server has none, because its image has no user interface.
func Page(ctx context.Context, u BackendURL, image string) (path string, err error) {
	for _, path := range pages {
		exists, err := hasPage(ctx, u, path)
		if err != nil {
			return "", fmt.Errorf("GET %s: %w", path, err)
		}
		if exists {
			return path, nil
		}
	}
	return "", noPageProblem(image)
}

func hasPage(ctx context.Context, u BackendURL, path string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, RequestTimeout)
	defer cancel()
	response, err := requestJupyter(ctx, http.MethodGet, u, path)
	if err != nil {
		return false, err
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK, nil
}
