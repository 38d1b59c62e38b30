package runtime

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/jupyter"
	"colabtray/internal/secret"
)

// TestSecretsStaySecret prints tokens in every way a careless caller might.
func TestSecretsStaySecret(t *testing.T) {
	token := secret.New("hunter2")
	url := jupyter.NewBackendURL(8888, token)
	snapshot := Snapshot{State: Ready, URL: url}
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("m", "token", token, "url", url, "snapshot", snapshot)
	slog.New(slog.NewTextHandler(&log, nil)).Info("m", "token", token, "url", url, "snapshot", snapshot)
	encoded, err := json.Marshal(map[string]any{"a": token, "b": url, "c": snapshot, "d": &token})
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{log.String(), string(encoded)}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		texts = append(texts, fmt.Sprintf(verb+verb+verb, token, url, snapshot))
	}
	for _, text := range texts {
		if strings.Contains(text, "hunter2") || strings.Contains(text, fmt.Sprintf("%x", "hunter2")) {
			t.Errorf("the secret shows in %s", text)
		}
	}
	if url.Reveal() != "http://localhost:8888/?token=hunter2" {
		t.Errorf("revealed, the URL is %s", url.Reveal())
	}
}

// TestLastWordsWithoutLog: what is not kept is not called silence.
func TestLastWordsWithoutLog(t *testing.T) {
	for driver, want := range map[string]string{"json-file": "It wrote nothing before it ended.", "none": "made with the logging driver none"} {
		p := deathProblem(engine.Container{Name: "mine", ExitCode: 1, LogDriver: driver}, engine.Info{}, nil, false)
		if !strings.Contains(p.Hint, want) {
			t.Errorf("%s: %s", driver, p.Hint)
		}
	}
}
