package kubernetes

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/engine"
)

// Watch implements [engine.Engine]. Containers come and go with their records, and run
// with their pods.
func (e *Engine) Watch(ctx context.Context, names []string, opened func(), event func(engine.Event)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var mu sync.Mutex
	tell := func(name, action string) {
		mu.Lock()
		defer mu.Unlock()
		if slices.Contains(names, name) {
			event(engine.Event{Container: name, Action: action})
		}
	}
	var open sync.WaitGroup
	open.Add(2)
	var running sync.WaitGroup
	for _, w := range []watch{recordWatch(tell), podWatch(tell)} {
		w.api, w.selector = e.api, url.Values{"labelSelector": {selectorOf(names)}}
		w.path = e.path(w.path)
		running.Go(func() {
			once := sync.OnceFunc(open.Done)
			defer once()
			cancel(w.follow(ctx, once))
		})
	}
	open.Wait()
	if ctx.Err() == nil {
		opened()
	}
	running.Wait()
	return e.failure(context.Cause(ctx))
}

// selectorOf returns the selector of what containers with these names are made of.
func selectorOf(names []string) string {
	valid := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return !config.IsClusterLabel(name) })
	slices.Sort(valid)
	return labelManager + "=" + managerName + "," + labelInstance + " in (" + strings.Join(valid, ",") + ")"
}

// recordWatch tells of records. What is there when it begins is no event.
func recordWatch(tell func(name, action string)) watch {
	var known map[string]string // uid by name; nil at first
	note := func(r configMap) {
		action := "update"
		if known[r.Metadata.Name] != r.Metadata.UID {
			action = "create"
		}
		known[r.Metadata.Name] = r.Metadata.UID
		tell(r.Metadata.Name, action)
	}
	lose := func(name string) {
		delete(known, name)
		tell(name, "destroy")
	}
	return watch{
		path: configMaps,
		listed: func(items []json.RawMessage) {
			now := map[string]configMap{}
			for _, item := range items {
				if r, is := readRecord(item); is {
					now[r.Metadata.Name] = r
				}
			}
			if known == nil {
				known = map[string]string{}
				for name, r := range now {
					known[name] = r.Metadata.UID
				}
				return
			}
			for name := range known {
				if _, still := now[name]; !still {
					lose(name)
				}
			}
			for _, r := range now {
				note(r)
			}
		},
		changed: func(how string, object json.RawMessage) {
			r, is := readRecord(object)
			switch {
			case !is:
			case how == "DELETED":
				lose(r.Metadata.Name)
			default:
				note(r)
			}
		},
	}
}

// readRecord reads a config map, and reports whether it is a record. Those of files are
// none.
func readRecord(object json.RawMessage) (r configMap, is bool) {
	err := json.Unmarshal(object, &r)
	return r, err == nil && r.Data[recordKey] != ""
}

// podWatch tells of pods. What is there when it begins is no event.
func podWatch(tell func(name, action string)) watch {
	var known map[string]pod // by name; nil at first
	note := func(p pod, deleted bool) {
		name := p.Metadata.Name
		before, had := known[name]
		if known[name] = p; deleted {
			delete(known, name)
		}
		for _, action := range actionsOf(before, had, p, deleted) {
			tell(name, action)
		}
	}
	return watch{
		path: pods,
		listed: func(items []json.RawMessage) {
			now := map[string]pod{}
			for _, item := range items {
				var p pod
				if json.Unmarshal(item, &p) == nil {
					now[p.Metadata.Name] = p
				}
			}
			if known == nil {
				known = now
				return
			}
			for name, before := range known {
				if _, still := now[name]; !still {
					note(before, true)
				}
			}
			for _, p := range now {
				note(p, false)
			}
		},
		changed: func(how string, object json.RawMessage) {
			var p pod
			if json.Unmarshal(object, &p) == nil {
				note(p, how == "DELETED")
			}
		},
	}
}

// actionsOf returns what happened to a container whose pod changed. A pod that is deleted
// has been asked to end, whoever asked.
func actionsOf(before pod, had bool, now pod, deleted bool) (actions []string) {
	same := had && before.Metadata.UID == now.Metadata.UID
	var wasOver, wasDying bool
	if same {
		wasOver, _ = isOver(before)
		wasDying = !before.Metadata.DeletionTimestamp.IsZero()
	}
	if !same {
		actions = append(actions, "start")
	}
	if !now.Metadata.DeletionTimestamp.IsZero() && !wasDying && !wasOver {
		actions = append(actions, "kill")
	}
	if over, _ := isOver(now); (over || deleted) && !wasOver {
		return append(actions, "die")
	}
	if len(actions) == 0 {
		actions = append(actions, "update")
	}
	return actions
}
