package jupyter

import (
	"context"
	"fmt"
	"net/http"

	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// pages are those that a Jupyter server can have for people, the better one first:
// JupyterLab, and the tree of files of Jupyter Notebook.
var pages = []string{"/lab", "/tree"}

// Page returns the path of the page that a Jupyter server has for people. A problem
// tells that the server has none, as where its image brings no user interface.
func Page(ctx context.Context, u BackendURL, image string) (path string, err error) {
	for _, path := range pages {
		there, err := hasPage(ctx, u, path)
		if err != nil {
			return "", fmt.Errorf("GET %s: %w", path, err)
		}
		if there {
			return path, nil
		}
	}
	return "", noPageProblem(image)
}

func hasPage(ctx context.Context, u BackendURL, path string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, AskTimeout)
	defer cancel()
	response, err := requestJupyter(ctx, u, path)
	if err != nil {
		return false, err
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK, nil
}

func noPageProblem(image string) *problem.Problem {
	return &problem.Problem{Code: problem.NoPage, Short: i18n.T("problem.noPage"), Hint: i18n.T("problem.noPageHint", "image", image)}
}
