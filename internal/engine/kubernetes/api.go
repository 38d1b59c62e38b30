package kubernetes

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"

	"colabtray/internal/engine"
)

// maxAnswer is how much of one answer of the API is read, in bytes. A cluster takes
// objects of 3 MiB at most.
const maxAnswer = 8 << 20

// maxSaid is how much of a failure's text is read.
const maxSaid = 64 << 10

// The kinds of objects, as they are called in addresses.
const (
	pods       = "pods"
	claims     = "persistentvolumeclaims"
	secrets    = "secrets"
	configMaps = "configmaps"
)

// api is the API of a cluster.
type api struct {
	http *http.Client
	base string // "http://localhost", whatever is dialled
}

// newAPI makes the API that dial connects to. Watches and logs keep connections open, so
// there is no bound of them.
func newAPI(dial func(ctx context.Context) (net.Conn, error)) *api {
	return &api{
		base: "http://localhost", // what kubectl proxy accepts
		http: &http.Client{
			Transport: &http.Transport{
				DialContext:         func(ctx context.Context, _, _ string) (net.Conn, error) { return dial(ctx) },
				MaxIdleConnsPerHost: 4,
				DisableCompression:  true,
			},
			CheckRedirect: func(*http.Request, []*http.Request) error { return errors.New("the API redirects") },
		},
	}
}

func (a *api) close() { a.http.CloseIdleConnections() }

// apiError is a request that the API refused.
type apiError struct {
	status
}

func (e *apiError) Error() string {
	return fmt.Sprintf("the cluster answers %d %s: %s", e.Code, e.Reason, e.Message)
}

// isReason reports whether the API refused a request for a reason, such as "NotFound".
func isReason(err error, reason string) bool {
	var refused *apiError
	return errors.As(err, &refused) && refused.Reason == reason
}

// isMissing reports whether the API says that an object is not there, in a namespace that
// is.
func isMissing(err error) bool {
	var refused *apiError
	return errors.As(err, &refused) && refused.Reason == "NotFound" && refused.Details.Kind != "namespaces"
}

// wayError is an answer of kubectl itself, which did not get the cluster's.
type wayError struct {
	said string
}

func (e *wayError) Error() string { return "kubectl has no answer of the cluster: " + e.said }

// objectsPath returns the path of objects of a namespace, or of one with a name.
func objectsPath(namespace, kind string, name ...string) string {
	path := "/api/v1/namespaces/" + url.PathEscape(namespace) + "/" + kind
	for _, one := range name {
		path += "/" + url.PathEscape(one)
	}
	return path
}

// open makes a request, and returns the body of a good answer.
func (a *api) open(ctx context.Context, method, path string, query url.Values, contentType string, body any) (io.ReadCloser, error) {
	var sent io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		sent = bytes.NewReader(text)
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, method, a.base+path, sent)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json, */*")
	request.Header.Set("User-Agent", "colab-tray")
	if body != nil {
		request.Header.Set("Content-Type", contentType)
	}
	answer, err := a.http.Do(request)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode < 200 || answer.StatusCode > 299 {
		defer answer.Body.Close()
		return nil, failureOf(answer)
	}
	return answer.Body, nil
}

// failureOf reads why a request failed. The API says so in an object of its own; any
// other text comes from kubectl, or from what stands in between.
func failureOf(answer *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(answer.Body, maxSaid))
	var told status
	if json.Unmarshal(text, &told) == nil && told.Kind == "Status" {
		told.Code = answer.StatusCode
		return &apiError{told}
	}
	if err != nil {
		return err
	}
	if answer.StatusCode == http.StatusUnauthorized {
		return &apiError{status{Code: answer.StatusCode, Reason: "Unauthorized", Message: "Unauthorized"}}
	}
	said := strings.TrimSpace(string(text))
	if said == "" {
		said = answer.Status
	}
	return &wayError{said}
}

// do makes a request and reads the answer into result, unless that is nil. It takes no
// longer than a request to an engine may.
func (a *api) do(ctx context.Context, method, path string, query url.Values, contentType string, body, result any) error {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	answer, err := a.open(ctx, method, path, query, contentType, body)
	if err != nil {
		return err
	}
	defer answer.Close()
	if result == nil {
		_, err := io.Copy(io.Discard, io.LimitReader(answer, maxAnswer))
		return err
	}
	text, err := io.ReadAll(io.LimitReader(answer, maxAnswer+1))
	switch {
	case err != nil:
		return err
	case len(text) > maxAnswer:
		return fmt.Errorf("an answer of the cluster has more than %d bytes", maxAnswer)
	}
	return json.Unmarshal(text, result)
}

func (a *api) get(ctx context.Context, path string, query url.Values, result any) error {
	return a.do(ctx, http.MethodGet, path, query, "", nil, result)
}

func (a *api) create(ctx context.Context, path string, object, result any) error {
	return a.do(ctx, http.MethodPost, path, nil, "application/json", object, result)
}

// patch changes what object has, and leaves the rest.
func (a *api) patch(ctx context.Context, path string, object, result any) error {
	return a.do(ctx, http.MethodPatch, path, nil, "application/merge-patch+json", object, result)
}

// deleteOptions say how an object is deleted.
type deleteOptions struct {
	typeMeta
	GracePeriodSeconds *int64         `json:"gracePeriodSeconds,omitempty"`
	PropagationPolicy  string         `json:"propagationPolicy,omitempty"`
	Preconditions      *preconditions `json:"preconditions,omitempty"`
}

type preconditions struct {
	UID string `json:"uid,omitempty"`
}

// remove deletes an object; one that is gone is no error. Only the object with the uid is
// deleted, not a later one of that name, unless uid is empty.
func (a *api) remove(ctx context.Context, path, uid string, grace *int64) error {
	options := deleteOptions{typeMeta: typeMeta{"v1", "DeleteOptions"}, GracePeriodSeconds: grace, PropagationPolicy: "Background"}
	if uid != "" {
		options.Preconditions = &preconditions{uid}
	}
	err := a.do(ctx, http.MethodDelete, path, nil, "application/json", options, nil)
	if isMissing(err) || uid != "" && isReason(err, "Conflict") {
		return nil
	}
	return err
}
