package kubernetes

import (
	"errors"
	"slices"
	"testing"

	"colabtray/internal/engine"
)

// TestVolumes: a claim that a container has is not removed, nor one that others have made.
func TestVolumes(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	made, err := e.Create(t.Context(), smallSpec("a"))
	must(t, err)
	if again, err := e.EnsureVolume(t.Context(), smallSpec("a")); again || err != nil {
		t.Errorf("made again: %t, %v", again, err)
	}
	if users, err := e.VolumeUsers(t.Context(), "a-data", false); err != nil || !slices.Equal(users, []string{"a"}) {
		t.Errorf("it is used by %q, %v", users, err)
	}
	if err := e.RemoveVolume(t.Context(), "a-data"); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("removing it in use: %v", err)
	}
	must(t, e.Remove(t.Context(), made.ID))
	must(t, e.RemoveVolume(t.Context(), "a-data"))
	if left := c.has(); len(left) != 0 {
		t.Errorf("there are %q", left)
	}
	must(t, e.api.create(t.Context(), e.path(claims), claim{Metadata: objectMeta{Name: "theirs"}}, nil))
	if err := e.RemoveVolume(t.Context(), "theirs"); !errors.Is(err, engine.ErrConflict) {
		t.Errorf("removing another's: %v", err)
	}
	if images, err := e.Images(t.Context()); err != nil || !slices.Equal(images, []string{smallSpec("a").Image}) {
		t.Errorf("the images are %q, %v", images, err)
	}
}

// TestHelperPod: a helper is placed like the pod of its runtime, beside it while that runs,
// and takes no GPU.
func TestHelperPod(t *testing.T) {
	t.Parallel()
	c, e := newCluster(t)
	spec := smallSpec("a")
	spec.Memory, spec.User = 1<<30, "1234:100"
	spec.Cluster.NodeSelector, spec.Cluster.PullSecret = []string{"pool=gpu"}, "registry"
	made, err := e.Create(t.Context(), spec)
	must(t, err)
	must(t, e.Start(t.Context(), made.ID))
	c.mu.Lock()
	c.objects[team+"pods/a"]["spec"].(object)["nodeName"] = "node"
	c.mu.Unlock()
	helping := engine.HelperSpec{Runtime: "a", Image: spec.Image, Cmd: []string{"sh", "-c", "true"}, Volume: "a-data", Path: engine.HelperDataDir, Writes: true}
	id, err := e.CreateHelper(t.Context(), helping)
	must(t, err)
	must(t, e.Start(t.Context(), id))
	c.mu.Lock()
	p := c.made.Spec
	c.mu.Unlock()
	main := p.Containers[0]
	if len(p.InitContainers) != 0 || len(main.VolumeMounts) != 1 || main.Resources.Limits["memory"] == "" || main.Resources.Limits["nvidia.com/gpu"] != "" ||
		p.NodeSelector["pool"] != "gpu" || len(p.ImagePullSecrets) != 1 || *p.SecurityContext.RunAsUser != 1234 ||
		p.Affinity == nil || p.Affinity.PodAffinity.Required[0].LabelSelector.MatchLabels[labelInstance] != "a" {
		t.Errorf("the helper's pod is %+v", p)
	}
	helpers, err := e.Helpers(t.Context(), "a")
	if err != nil || len(helpers) != 1 || helpers[0].ID != id || !helpers[0].Writes {
		t.Errorf("the helpers are %+v, %v", helpers, err)
	}
	must(t, e.RemoveHelper(t.Context(), id))
	must(t, e.RemoveHelper(t.Context(), id))
	if helpers, err := e.Helpers(t.Context(), "a"); err != nil || len(helpers) != 0 {
		t.Errorf("the helpers are %+v, %v", helpers, err)
	}
}
