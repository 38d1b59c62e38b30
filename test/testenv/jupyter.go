package testenv

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// OpenNotebook has the Jupyter at a port of this computer open a session of a notebook,
// as a page does. The kernel is told in Jupyter's JSON: a kernel to start by its name,
// or one that runs by its ID.
func OpenNotebook(t testing.TB, port int, token, notebook, kernel string) {
	t.Helper()
	body := fmt.Sprintf(`{"path": %q, "name": "", "type": "notebook", "kernel": %s}`, notebook, kernel)
	address := fmt.Sprintf("http://localhost:%d/api/sessions?token=%s", port, token)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, address, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Close = true
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusCreated {
		t.Fatalf("a session was answered with %s", response.Status)
	}
}
