package kubernetes

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"colabtray/internal/engine"
	"colabtray/internal/problem"
)

// TestProblems: what a cluster or kubectl says, in their own words, and what a person is
// told of it.
func TestProblems(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		refused *status // of the API
		text    string  // else of kubectl proxy, with the status 500
		code    problem.Code
		hint    string // is in the hint
		command string // is in the command
		down    bool   // nothing of the cluster can be known
	}{
		"login expired": {
			refused: refusal(401, "Unauthorized", "", "Unauthorized"),
			code:    problem.ClusterLogin, command: "kubectl --context=gpu --namespace=team get pods", down: true,
		},
		"no right to make": {
			refused: refusal(403, "Forbidden", pods, `pods is forbidden: User "ada" cannot create resource "pods" in API group "" in the namespace "team"`),
			code:    problem.ClusterDenied, hint: "create pods", command: "auth can-i create pods",
		},
		"no right to list": {
			refused: refusal(403, "Forbidden", configMaps, `configmaps is forbidden: User "ada" cannot list resource "configmaps" in API group "" in the namespace "team"`),
			code:    problem.ClusterDenied, hint: "list configmaps", down: true,
		},
		"quota": {
			refused: refusal(403, "Forbidden", pods, `pods "a" is forbidden: exceeded quota: gpus, requested: requests.nvidia.com/gpu=1, used: requests.nvidia.com/gpu=2, limited: requests.nvidia.com/gpu=2`),
			code:    problem.ClusterQuota, hint: "limited: requests.nvidia.com/gpu=2",
		},
		"quota that wants limits": {
			refused: refusal(403, "Forbidden", pods, `pods "a" is forbidden: failed quota: memory: must specify limits.memory for: jupyter`),
			code:    problem.ClusterQuota, hint: "must specify limits.memory",
		},
		"pod security": {
			refused: refusal(403, "Forbidden", pods, `pods "a" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`),
			code:    problem.ClusterRefused, hint: "violates PodSecurity",
		},
		"invalid": {
			refused: refusal(422, "Invalid", pods, `Pod "a" is invalid: spec.containers[0].image: Invalid value: " x": must not have leading or trailing whitespace`),
			code:    problem.ClusterRefused, hint: "must not have leading",
		},
		"no namespace": {
			refused: refusal(404, "NotFound", "namespaces", `namespaces "team" not found`),
			code:    problem.NoNamespace, command: "kubectl config get-contexts",
		},
		"refused connection": {text: "dial tcp 127.0.0.1:6443: connect: connection refused", code: problem.ClusterUnreachable, hint: "connection refused", down: true},
		"unknown name":       {text: "dial tcp: lookup gpu.example on 1.1.1.1:53: no such host", code: problem.ClusterUnreachable, hint: "no such host", down: true},
		"plugin fails": {
			text: "getting credentials: exec: executable gke-gcloud-auth-plugin failed with exit code 1",
			code: problem.ClusterLogin, hint: "gke-gcloud-auth-plugin", command: "get pods", down: true,
		},
		"token of OIDC": {text: "oauth2: cannot fetch token: 400 Bad Request: {\"error\":\"invalid_grant\"}", code: problem.ClusterLogin, down: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, e := newCluster(t)
			c.answer = func(w http.ResponseWriter) bool {
				if test.refused != nil {
					reply(w, test.refused.Code, test.refused)
				} else {
					http.Error(w, test.text, http.StatusInternalServerError)
				}
				return true
			}
			_, err := e.Create(t.Context(), smallSpec("a"))
			var p *problem.Problem
			if !errors.As(err, &p) || p.Code != test.code || !strings.Contains(p.Hint, test.hint) || !strings.Contains(p.Command, test.command) || p.Short == "" || p.Hint == "" {
				t.Errorf("%v: %+v", err, p)
			}
			if errors.Is(err, engine.ErrUnreachable) != test.down {
				t.Errorf("down: %v", err)
			}
		})
	}
}

// TestToldByKubectl: what kubectl itself says when a right is missing or a pod is gone.
func TestToldByKubectl(t *testing.T) {
	e := Open("kubernetes://gpu/team", nil)
	var p *problem.Problem
	err := e.failure(&toolError{1, `Error from server (Forbidden): pods "a" is forbidden: User "ada" cannot create resource "pods/portforward" in API group "" in the namespace "team"`})
	if !errors.As(err, &p) || p.Code != problem.ClusterDenied || !strings.Contains(p.Hint, "create pods/portforward") {
		t.Errorf("%v: %+v", err, p)
	}
	if err := e.failure(&toolError{1, `Error from server (NotFound): pods "a" not found`}); !errors.Is(err, engine.ErrNotFound) {
		t.Errorf("%v", err)
	}
	if err := e.failure(&toolError{1, "The connection to the server 127.0.0.1:1 was refused - did you specify the right host or port?"}); !errors.As(err, &p) || p.Code != problem.ClusterUnreachable {
		t.Errorf("%v", err)
	}
	if err := e.failure(&toolError{1, "error: You must be logged in to the server (Unauthorized)"}); !errors.As(err, &p) || p.Code != problem.ClusterLogin {
		t.Errorf("%v", err)
	}
}

// TestStrangeAnswers: what stands in between can answer anything.
func TestStrangeAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]func(http.ResponseWriter){
		"a page":         func(w http.ResponseWriter) { _, _ = w.Write([]byte("<html>Sign in</html>")) },
		"a redirect":     func(w http.ResponseWriter) { w.Header().Set("Location", "http://example.com/"); w.WriteHeader(302) },
		"without an end": func(w http.ResponseWriter) { _, _ = w.Write(make([]byte, maxAnswer+2)) },
		"nothing":        func(http.ResponseWriter) {},
		"a list":         func(w http.ResponseWriter) { _, _ = w.Write([]byte("[]")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, e := newCluster(t)
			c.answer = func(w http.ResponseWriter) bool {
				answer(w)
				return true
			}
			if got, err := e.Inspect(t.Context(), "a"); err == nil {
				t.Errorf("it is %+v", got)
			}
			if err := e.Watch(t.Context(), []string{"a"}, func() {}, func(engine.Event) {}); err == nil {
				t.Error("the watch ends without an error")
			}
		})
	}
}
