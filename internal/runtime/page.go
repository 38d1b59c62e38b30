package runtime

import (
	"context"

	"colabtray/internal/i18n"
	"colabtray/internal/jupyter"
	"colabtray/internal/problem"
)

// Page returns the path of the page that Jupyter itself has for people. A problem
// tells that the server has none, as where its image brings no user interface.
func (m *Manager) Page(ctx context.Context) (path string, err error) {
	url := m.Snapshot().URL
	if url.IsZero() {
		return "", notReadyProblem()
	}
	return jupyter.Page(ctx, url, m.Snapshot().Image)
}

func notReadyProblem() *problem.Problem {
	return &problem.Problem{Code: problem.NotReady, Short: i18n.T("problem.notReady"), Hint: i18n.T("problem.notReadyHint")}
}
