package kubernetes

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// lastRun is what a record keeps of the last run: a pod that is stopped is gone, and all
// that it told.
type lastRun struct {
	Pod      string       `json:"pod"` // its uid
	Stopping bool         `json:"stopping,omitempty"`
	Started  time.Time    `json:"started,omitzero"`
	Ended    time.Time    `json:"ended,omitzero"`
	ExitCode int          `json:"exitCode,omitempty"`
	OOM      bool         `json:"oom,omitempty"`
	Cause    engine.Cause `json:"cause,omitempty"`
	Said     string       `json:"said,omitempty"`
	Before   time.Time    `json:"before,omitzero"` // when the run before it ended
}

// maxWords is how much of a cluster's own words is kept, in bytes.
const maxWords = 1000

// words makes a text of the cluster fit to be shown: one line, bounded.
func words(text string) string {
	if len(text) > maxWords {
		text = strings.ToValidUTF8(text[:maxWords-len("…")], "") + "…"
	}
	return i18n.Line(strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " "))
}

// idOf returns the ID of a container: its name and the uid of its record, so that it is
// found by its name, and is not taken for a later one.
func idOf(c configMap) string { return c.Metadata.Name + "@" + c.Metadata.UID }

// nameOf parts a name or an ID. The uid of a name is empty.
func nameOf(id string) (name, uid string) {
	name, uid, _ = strings.Cut(id, "@")
	return name, uid
}

// containerOf returns the container that a record and a pod are. The pod is nil when
// there is none, and so are the secret without an environment and the claim without a
// volume.
func containerOf(r configMap, s *secretObject, p *pod) (engine.Container, error) {
	var about record
	var template pod
	var run lastRun
	for key, into := range map[string]any{recordKey: &about, podKey: &template, runKey: &run} {
		text := r.Data[key]
		if text == "" && key == runKey {
			continue
		}
		if err := json.Unmarshal([]byte(text), into); err != nil {
			return engine.Container{}, fmt.Errorf("the record of %s: %s: %w", r.Metadata.Name, key, err)
		}
	}
	if len(template.Spec.Containers) == 0 {
		return engine.Container{}, fmt.Errorf("the record of %s has no container", r.Metadata.Name)
	}
	main := template.Spec.Containers[0]
	c := engine.Container{
		Exists: true, RemadeAt: remadeAt(r), Name: r.Metadata.Name, ID: idOf(r), Image: main.Image, ImageID: main.Image,
		MadeAt: r.Metadata.CreationTimestamp.UTC(), Labels: about.Labels, User: about.User, WorkDir: cmp.Or(main.WorkingDir, about.WorkDir),
		Cmd: slices.Concat(main.Command, main.Args), LogDriver: "kubernetes",
		Ports:     map[int]int{},
		Effective: engine.Effective{Memory: about.Memory, CPUs: about.CPUs, ShmSize: about.ShmSize},
	}
	for _, port := range append(about.Ports, about.InnerPort) {
		if port >= 1 && port <= 65535 {
			c.Ports[port] = port // of the pod itself
		}
	}
	for _, target := range about.Mounts {
		c.Mounts = append(c.Mounts, engine.Mount{Volume: about.Volume, Target: target})
	}
	if s != nil {
		for _, name := range slices.Sorted(maps.Keys(s.Data)) {
			c.Env = append(c.Env, name+"="+string(s.Data[name]))
		}
	}
	for _, pair := range about.Env {
		if name, _, _ := strings.Cut(pair, "="); engine.Environment(c.Env, name) == "" {
			c.Env = append(c.Env, pair)
		}
	}
	if p != nil {
		now := runOf(*p)
		c.Stopping = run.Stopping && run.Pod == now.Pod
		if now.Cause == engine.CauseDeleted && c.Stopping {
			now.Cause = "" // it was this program
		}
		applyRun(&c, now)
		if over, _ := isOver(*p); !over {
			c.Running, c.EndedAt, c.ExitCode = true, run.Before.UTC(), 0
			if run.Before.IsZero() {
				c.EndedAt = time.Time{}
			}
			if c.Waiting = waitingOf(*p); c.Waiting != nil {
				c.StartedAt = p.Metadata.CreationTimestamp.UTC()
			}
		}
		return c, nil
	}
	if run.isLost() {
		// Nobody here has stopped it: a drain, a lost node, or another person.
		run.Cause = engine.CauseDeleted
		run.ExitCode = cmp.Or(run.ExitCode, killed)
	}
	c.Stopping = run.Stopping
	applyRun(&c, run)
	return c, nil
}

// isLost reports whether a run without a pod is one that nobody here has stopped.
func (r lastRun) isLost() bool { return r.Pod != "" && !r.Stopping && r.Ended.IsZero() }

// isLost reports whether a record without a pod tells of a run that goes on.
func isLost(r configMap) bool {
	var run lastRun
	return json.Unmarshal([]byte(r.Data[runKey]), &run) == nil && run.isLost()
}

// endedRun returns when the last run that a record tells of ended, or the one before.
func endedRun(r configMap) time.Time {
	var run lastRun
	_ = json.Unmarshal([]byte(r.Data[runKey]), &run) // without one, there was none
	if run.Ended.IsZero() {
		return run.Before
	}
	return run.Ended
}

// killed is the exit code of a process that a signal has ended at once.
const killed = 137

func applyRun(c *engine.Container, run lastRun) {
	c.StartedAt, c.EndedAt, c.ExitCode, c.OOMKilled = run.Started.UTC(), run.Ended.UTC(), run.ExitCode, run.OOM
	c.Cause, c.CauseSaid = run.Cause, words(run.Said)
	if run.Started.IsZero() {
		c.StartedAt = time.Time{}
	}
	if run.Ended.IsZero() {
		c.EndedAt = time.Time{}
	}
}

// statusOf returns what a pod tells of its main container, or of the one that fills
// the volume.
func statusOf(statuses []containerStatus, name string) (containerStatus, bool) {
	i := slices.IndexFunc(statuses, func(s containerStatus) bool { return s.Name == name })
	if i < 0 {
		return containerStatus{}, false
	}
	return statuses[i], true
}

// refusals are reasons for which a container waits in vain. The node tries again for
// ever, and holds the GPU meanwhile.
var refusals = map[string]engine.Cause{
	"ErrImagePull":               engine.CauseImage,
	"ImagePullBackOff":           engine.CauseImage,
	"InvalidImageName":           engine.CauseImage,
	"ErrImageNeverPull":          engine.CauseImage,
	"ImageInspectError":          engine.CauseImage,
	"RegistryUnavailable":        engine.CauseImage,
	"CreateContainerConfigError": engine.CauseNotMade,
	"CreateContainerError":       engine.CauseNotMade,
	"RunContainerError":          engine.CauseNotMade,
}

// isOver reports whether a pod runs no more, or never will, and the cause if the cluster
// has one.
func isOver(p pod) (over bool, cause engine.Cause) {
	switch p.Status.Reason {
	case "Evicted":
		cause = engine.CauseEvicted
	case "Preempting", "Preempted":
		cause = engine.CausePreempted
	case "NodeLost", "NodeShutdown", "Terminated", "Shutdown":
		cause = engine.CauseLost
	case "DeadlineExceeded":
		cause = engine.CauseOverdue
	case "NodeAffinity", "UnexpectedAdmissionError", "OutOfcpu", "OutOfmemory", "OutOfnvidia.com/gpu", "OutOfpods":
		cause = engine.CauseNotMade
	}
	for _, c := range p.Status.Conditions {
		if c.Type != "DisruptionTarget" || c.Status != "True" {
			continue
		}
		switch c.Reason {
		case "PreemptionByScheduler":
			cause = engine.CausePreempted
		case "DeletionByTaintManager", "DeletionByPodGC":
			cause = engine.CauseLost
		case "EvictionByEvictionAPI": // as a drain does
			cause = engine.CauseLost
		case "TerminationByKubelet":
			cause = cmp.Or(cause, engine.CauseEvicted)
		}
	}
	main, has := statusOf(p.Status.ContainerStatuses, mainContainer)
	ended := has && main.State.Terminated != nil
	if ended && cause == "" && strings.TrimSpace(main.State.Terminated.Message) == askedToEnd {
		cause = engine.CauseDeleted
	}
	switch p.Status.Phase {
	case "Succeeded":
		return true, cause
	case "Failed":
		return true, cmp.Or(cause, notFilled(p))
	}
	for _, s := range slices.Concat(p.Status.InitContainerStatuses, p.Status.ContainerStatuses) {
		if w := s.State.Waiting; w != nil && refusals[w.Reason] != "" {
			return true, refusals[w.Reason]
		}
	}
	// The phase follows the container's end after a moment.
	return ended, cause
}

// notFilled returns the cause when the volume was not filled.
func notFilled(p pod) engine.Cause {
	fill, has := statusOf(p.Status.InitContainerStatuses, fillContainer)
	switch t := fill.State.Terminated; {
	case !has || t == nil || t.ExitCode == 0:
		return ""
	case t.ExitCode == readOnlyExit:
		return engine.CauseReadOnly
	default:
		return engine.CauseNotFilled
	}
}

// runOf returns what is known of a pod's run, over or not.
func runOf(p pod) lastRun {
	run := lastRun{Pod: p.Metadata.UID}
	over, cause := isOver(p)
	if over {
		run.Cause, run.Said = cause, words(p.Status.Message)
	}
	main, _ := statusOf(p.Status.ContainerStatuses, mainContainer)
	fill, _ := statusOf(p.Status.InitContainerStatuses, fillContainer)
	switch state := main.State; {
	case state.Running != nil:
		run.Started = state.Running.StartedAt
	case state.Terminated != nil:
		applyTerminated(&run, *state.Terminated)
	case over && fill.State.Terminated != nil && fill.State.Terminated.ExitCode != 0:
		applyTerminated(&run, *fill.State.Terminated)
	case over:
		// It never ran, so this is when it was begun: its end is an end of a start.
		run.Started, run.Ended, run.ExitCode = p.Metadata.CreationTimestamp, endOf(p), killed
	}
	for _, s := range []containerStatus{main, fill} {
		if w := s.State.Waiting; over && w != nil && run.Said == "" {
			run.Said = words(w.Message)
		}
	}
	return run
}

func applyTerminated(run *lastRun, t stateTerminated) {
	run.Started, run.Ended, run.ExitCode = t.StartedAt, t.FinishedAt, t.ExitCode
	if t.ExitCode == 0 && t.Signal != 0 {
		run.ExitCode = 128 + t.Signal
	}
	run.OOM = t.Reason == "OOMKilled"
	if run.Said == "" && t.Reason != "Completed" && t.Reason != "Error" {
		run.Said = words(t.Message)
	}
}

// endOf returns when a pod ended that never ran, as far as it tells.
func endOf(p pod) time.Time {
	end := p.Metadata.CreationTimestamp
	for _, c := range p.Status.Conditions {
		if c.LastTransitionTime.After(end) {
			end = c.LastTransitionTime
		}
	}
	return end
}

// waitingOf returns what a pod that is not over waits for; nil for one that runs.
func waitingOf(p pod) *engine.Waiting {
	main, _ := statusOf(p.Status.ContainerStatuses, mainContainer)
	if main.State.Running != nil {
		return nil
	}
	w := &engine.Waiting{For: engine.WaitingForStart, Since: p.Metadata.CreationTimestamp.UTC()}
	for _, c := range p.Status.Conditions {
		if c.Type != "PodScheduled" {
			continue
		}
		if c.Status == "True" {
			w.Since = c.LastTransitionTime.UTC()
			continue
		}
		w.Said = words(c.Message)
		w.For = engine.WaitingForRoom
		switch text := strings.ToLower(c.Message); {
		case c.Reason == "SchedulingGated":
		case strings.Contains(text, "persistentvolumeclaim"), strings.Contains(text, "persistent volume"), strings.Contains(text, "volume node affinity"):
			w.For = engine.WaitingForVolume
		case wantsGPU(p) && strings.Contains(text, "insufficient "+gpuOf(p)):
			w.For = engine.WaitingForGPU
		}
		return w
	}
	if fill, has := statusOf(p.Status.InitContainerStatuses, fillContainer); has && fill.State.Terminated == nil {
		if fill.State.Running != nil {
			return &engine.Waiting{For: engine.WaitingForData, Since: fill.State.Running.StartedAt.UTC()}
		}
		main = fill
	}
	// Until the container is made, nodes only tell of others than this usual wait.
	if state := main.State.Waiting; p.Spec.NodeName != "" && state != nil {
		if w.Said = words(state.Message); state.Reason == "ContainerCreating" || state.Reason == "PodInitializing" {
			w.For = engine.WaitingForImage
		}
	}
	return w
}

// gpuOf returns the extended resource that a pod wants, in lower case; empty for none.
func gpuOf(p pod) string {
	for _, c := range p.Spec.Containers {
		if c.Resources == nil {
			continue
		}
		for _, name := range slices.Sorted(maps.Keys(c.Resources.Limits)) {
			if strings.Contains(name, "/") {
				return strings.ToLower(name)
			}
		}
	}
	return ""
}

func wantsGPU(p pod) bool { return gpuOf(p) != "" }
