package kubernetes

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

type object = map[string]any

// cluster speaks the part of a cluster's API that this package uses, with the JSON of a
// real one. Nothing runs in it: a test says what its nodes do.
type cluster struct {
	t *testing.T

	mu      sync.Mutex
	version int
	objects map[string]object // by path
	changes []change
	oldest  int                               // changes before this version are forgotten
	streams chan struct{}                     // closed to end all streams
	changed chan struct{}                     // closed at the next change
	made    pod                               // the last one
	forgets bool                              // streams end without a word
	logs    map[string]string                 // by the name of the pod
	queries []string                          // for output
	refuse  func(*http.Request) *status       // nil for none
	answer  func(http.ResponseWriter) bool    // instead of the API, unless it returns false
	node    func(c *cluster, pod object)      // what follows when a pod is made, with mu held
	dying   func(c *cluster, pod object) bool // what follows when a pod is to end; true when it is gone
}

type change struct {
	version int
	kind    string
	how     string
	object  object
}

const team = "/api/v1/namespaces/team/"

// thePulled tells of the image that the cluster has.
var thePulled = team + "configmaps/" + imageName(smallSpec("").Image, "")

// newCluster returns a cluster, and an engine that is its namespace team.
func newCluster(t *testing.T) (*cluster, *Engine) {
	t.Helper()
	facts, err := json.Marshal(imageFacts{Ref: smallSpec("").Image, Arch: "amd64", UID: "1000", GID: "100", Home: "/home/jovyan", WorkDir: "/home/jovyan"})
	if err != nil {
		t.Fatal(err)
	}
	pulled := object{"metadata": object{"name": path.Base(thePulled), "labels": object{labelManager: managerName}}, "data": object{imageKey: string(facts)}}
	c := &cluster{t: t, version: 100, objects: map[string]object{thePulled: pulled}, streams: make(chan struct{}), changed: make(chan struct{}), logs: map[string]string{}}
	server := httptest.NewServer(c)
	t.Cleanup(func() {
		c.endStreams()
		server.CloseClientConnections()
		server.Close()
	})
	e := Open("kubernetes://gpu/team", slog.New(slog.DiscardHandler))
	e.api = newAPI(func(ctx context.Context) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", server.Listener.Addr().String())
	})
	t.Cleanup(func() { _ = e.Close() })
	return c, e
}

func (c *cluster) endStreams() {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.streams)
	c.streams = make(chan struct{})
}

// note records a change; the caller holds mu.
func (c *cluster) note(how, kind string, o object) {
	c.version++
	o["metadata"].(object)["resourceVersion"] = strconv.Itoa(c.version)
	c.changes = append(c.changes, change{c.version, kind, how, copied(o)})
	close(c.changed)
	c.changed = make(chan struct{})
}

func copied(o object) object {
	text, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	var same object
	if err := json.Unmarshal(text, &same); err != nil {
		panic(err)
	}
	return same
}

// set changes the status of a pod as its node does.
func (c *cluster) set(name string, status any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	o := c.objects[team+"pods/"+name]
	if o == nil {
		c.t.Errorf("there is no pod %s", name)
		return
	}
	o["status"] = status
	c.note("MODIFIED", pods, o)
}

// statusIn returns the status of a pod in testdata.
func statusIn(t *testing.T, name string) any {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "pods", name+".json"))
	if err != nil {
		t.Fatal(err)
	}
	var o object
	if err := json.Unmarshal(text, &o); err != nil {
		t.Fatal(err)
	}
	return o["status"]
}

// lose takes an object away, as others do.
func (c *cluster) lose(path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if o := c.objects[path]; o != nil {
		c.drop(path, o)
	}
}

func (c *cluster) drop(path string, o object) {
	delete(c.objects, path)
	c.note("DELETED", kindOf(path), o)
}

func kindOf(path string) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(path, team), "/")
	return kind
}

// has returns the paths of the objects that there are, but the image's.
func (c *cluster) has() (paths []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for path := range c.objects {
		if path == thePulled {
			continue
		}
		paths = append(paths, strings.TrimPrefix(path, team))
	}
	slices.Sort(paths)
	return paths
}

func reply(w http.ResponseWriter, code int, o any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(o)
}

func refusal(code int, reason, kind, message string) *status {
	s := &status{Kind: "Status", Status: "Failure", Message: message, Reason: reason, Code: code}
	s.Details.Kind = kind
	return s
}

// ServeHTTP implements [http.Handler].
func (c *cluster) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.answer != nil && c.answer(w) {
		return
	}
	if c.refuse != nil {
		if s := c.refuse(r); s != nil {
			reply(w, s.Code, s)
			return
		}
	}
	if r.URL.Path == "/version" {
		reply(w, 200, object{"major": "1", "minor": "34", "gitVersion": "v1.34.4", "platform": "linux/arm64"})
		return
	}
	if !strings.HasPrefix(r.URL.Path, team) {
		reply(w, 403, refusal(403, "Forbidden", "", "only the namespace team is yours"))
		return
	}
	kind := kindOf(r.URL.Path)
	collection := r.URL.Path == team+kind
	name := strings.TrimPrefix(r.URL.Path, team+kind+"/")
	pod, isLog := strings.CutSuffix(name, "/log")
	o := c.objects[r.URL.Path]
	switch {
	case collection && r.URL.Query().Get("watch") == "true":
		c.watch(w, r, kind)
	case collection && r.Method == http.MethodGet:
		items := []object{}
		for path, o := range c.objects {
			if kindOf(path) == kind && selected(r, o) {
				items = append(items, o)
			}
		}
		reply(w, 200, object{"kind": "List", "apiVersion": "v1", "metadata": object{"resourceVersion": strconv.Itoa(c.version)}, "items": items})
	case collection && r.Method == http.MethodPost:
		c.make(w, r, kind)
	case isLog:
		c.queries = append(c.queries, r.URL.RawQuery)
		if log, has := c.logs[pod]; has {
			fmt.Fprint(w, log)
			return
		}
		reply(w, 400, refusal(400, "BadRequest", "", `container "jupyter" in pod "x" is waiting to start: ContainerCreating`))
	case o == nil:
		reply(w, 404, refusal(404, "NotFound", kind, fmt.Sprintf("%s %q not found", kind, name)))
	case r.Method == http.MethodGet:
		reply(w, 200, o)
	case r.Method == http.MethodPatch:
		var with object
		if err := json.NewDecoder(r.Body).Decode(&with); err != nil || r.Header.Get("Content-Type") != "application/merge-patch+json" {
			c.t.Errorf("a patch: %v", err)
		}
		if of, has := with["metadata"].(object); has && of["resourceVersion"] != o["metadata"].(object)["resourceVersion"] {
			reply(w, 409, refusal(409, "Conflict", kind, "the object has been modified"))
			return
		}
		merge(o, with)
		c.note("MODIFIED", kind, o)
		reply(w, 200, o)
	case r.Method == http.MethodDelete:
		c.delete(w, r, kind, o)
	}
}

func merge(into, with object) {
	for name, value := range with {
		inner, isObject := value.(object)
		before, has := into[name].(object)
		switch {
		case isObject && has:
			merge(before, inner)
		case value == nil:
			delete(into, name)
		default:
			into[name] = value
		}
	}
}

func (c *cluster) make(w http.ResponseWriter, r *http.Request, kind string) {
	var o object
	if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
		c.t.Errorf("what is to be made: %v", err)
	}
	meta := o["metadata"].(object)
	path := r.URL.Path + "/" + meta["name"].(string)
	if c.objects[path] != nil {
		reply(w, 409, refusal(409, "AlreadyExists", kind, fmt.Sprintf("%s %q already exists", kind, meta["name"])))
		return
	}
	meta["uid"] = fmt.Sprintf("uid-%d", c.version+1)
	meta["namespace"] = "team"
	meta["creationTimestamp"] = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Format(time.RFC3339)
	if kind == pods {
		text, _ := json.Marshal(o)
		c.made = pod{}
		if err := json.Unmarshal(text, &c.made); err != nil {
			c.t.Error(err)
		}
		o["status"] = object{"phase": "Pending"}
	}
	c.objects[path] = o
	c.note("ADDED", kind, o)
	reply(w, 201, o)
	if kind == pods && c.node != nil {
		c.node(c, o)
	}
}

func (c *cluster) delete(w http.ResponseWriter, r *http.Request, kind string, o object) {
	var options deleteOptions
	if err := json.NewDecoder(r.Body).Decode(&options); err != nil {
		c.t.Errorf("how to delete: %v", err)
	}
	meta := o["metadata"].(object)
	if p := options.Preconditions; p != nil && p.UID != meta["uid"] {
		reply(w, 409, refusal(409, "Conflict", kind, "the UID in the precondition is another one"))
		return
	}
	if kind == pods && c.dying != nil {
		if options.GracePeriodSeconds == nil || *options.GracePeriodSeconds < 1 {
			c.t.Errorf("a pod is deleted with the grace %v", options.GracePeriodSeconds)
		}
		meta["deletionTimestamp"] = "2026-01-02T03:09:40Z"
		c.note("MODIFIED", kind, o)
		reply(w, 200, o)
		if !c.dying(c, o) {
			return
		}
	} else {
		reply(w, 200, object{"kind": "Status", "apiVersion": "v1", "status": "Success"})
	}
	c.drop(r.URL.Path, o)
}

// selected reports whether an object is one that a request selects.
func selected(r *http.Request, o object) bool {
	meta := o["metadata"].(object)
	if field := r.URL.Query().Get("fieldSelector"); field != "" && field != "metadata.name="+meta["name"].(string) {
		return false
	}
	labels, _ := meta["labels"].(object)
	selector := r.URL.Query().Get("labelSelector")
	if selector == "" {
		return true
	}
	selector, instances, _ := strings.Cut(selector, ","+labelInstance+" in (")
	for wanted := range strings.SplitSeq(selector, ",") {
		if label, value, _ := strings.Cut(wanted, "="); labels[label] != value {
			return false
		}
	}
	name, _ := labels[labelInstance].(string)
	return instances == "" || slices.Contains(strings.Split(strings.TrimSuffix(instances, ")"), ","), name)
}

// watch streams changes; the caller holds mu, which is free while it waits.
func (c *cluster) watch(w http.ResponseWriter, r *http.Request, kind string) {
	from, err := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	if err != nil {
		c.t.Errorf("a watch from the version %q", r.URL.Query().Get("resourceVersion"))
	}
	if from < c.oldest {
		reply(w, 410, refusal(410, "Expired", "", fmt.Sprintf("too old resource version: %d (%d)", from, c.oldest)))
		return
	}
	out, flush := json.NewEncoder(w), w.(http.Flusher).Flush
	for ended := false; ; {
		for _, one := range c.changes {
			if one.version > from && one.kind == kind && selected(r, one.object) {
				_ = out.Encode(object{"type": one.how, "object": one.object})
			}
		}
		switch {
		case ended && c.forgets:
			return
		case from < c.oldest:
			_ = out.Encode(object{"type": "ERROR", "object": refusal(410, "Expired", "", "too old resource version")})
			return
		case ended:
			_ = out.Encode(object{"type": "BOOKMARK", "object": object{"kind": "Pod", "apiVersion": "v1", "metadata": object{"resourceVersion": strconv.Itoa(c.version)}}})
			return
		}
		flush()
		from = c.version
		streams, changed := c.streams, c.changed
		c.mu.Unlock()
		select {
		case <-r.Context().Done():
		case <-streams:
		case <-changed:
		}
		c.mu.Lock()
		if r.Context().Err() != nil {
			return
		}
		select {
		case <-streams:
			ended = true
		default:
		}
	}
}

// smallSpec returns the spec of a small container.
func smallSpec(name string) engine.Spec {
	return engine.Spec{
		Name: name, Hostname: name, Image: "quay.io/jupyter/base-notebook", InnerPort: 8888, Port: 8888, Gateway: true,
		Volume: name + "-data", DataDir: "/home/jovyan", GPU: config.GPU{Count: 1},
		Labels: map[string]string{engine.LabelRuntime: name, engine.LabelSettings: "1", engine.LabelGateway: "8888"},
	}
}
