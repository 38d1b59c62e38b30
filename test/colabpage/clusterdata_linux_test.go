package colabpage

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"colabtray/internal/data"
	"colabtray/internal/engine/kubernetes"
	"colabtray/internal/runtime"
	"colabtray/test/testenv"
)

// TestClusterData: on a cluster, data are backed up and restored, and files are copied in
// and out while the runtime runs. Only who deletes the data as well deletes the volume.
func TestClusterData(t *testing.T) {
	testenv.Takes(t, "it runs pods on a real cluster")
	cluster, profile := onCluster(t, testenv.Server2)
	dir := t.TempDir()
	e := kubernetes.Open(profile.Engine, logOf(t))
	_, manager := startOn(t, e, profile)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	runs := func(script, want string) {
		t.Helper()
		out, said, err := e.Exec(t.Context(), profile.Runtime, []string{"sh", "-c", script})
		if err != nil || out != want {
			t.Errorf("%s: %q, %q, %v", script, out, said, err)
		}
	}
	runs(`cd && echo first >work.txt && chmod 600 work.txt && ln -s work.txt link`, "")
	file := filepath.Join(dir, "backup.tar.zst")
	_, err := manager.Backup(t.Context(), data.BackupOptions{File: file})
	must(err)
	runs(`cd && echo second >work.txt && echo more >more.txt`, "")
	_, err = manager.Restore(t.Context(), data.RestoreOptions{
		File: file, NoBackup: true, Confirm: func(context.Context, data.Backup) (bool, error) { return true, nil },
	})
	must(err)
	must(manager.Start(t.Context()))
	runs(`cd && cat link && stat -c %a work.txt && ls more.txt 2>/dev/null || echo none`, "first\n600\nnone\n")

	in, out := filepath.Join(dir, "in.txt"), filepath.Join(dir, "out.txt")
	must(os.WriteFile(in, []byte("copied\n"), 0o600))
	_, err = manager.CopyIn(t.Context(), data.CopyOptions{Runtime: "copied.txt", Host: in})
	must(err)
	_, err = manager.CopyOut(t.Context(), data.CopyOptions{Runtime: "copied.txt", Host: out})
	must(err)
	if text, err := os.ReadFile(out); err != nil || string(text) != "copied\n" {
		t.Errorf("copied in and out it is %q, %v", text, err)
	}
	if manager.Snapshot().State != runtime.Ready {
		t.Errorf("it is %+v", manager.Snapshot())
	}

	deleted, err := manager.Delete(t.Context(), data.DeleteOptions{})
	if err != nil || !deleted.Container || deleted.Volume || !deleted.VolumeKept {
		t.Errorf("deleted was %+v, %v", deleted, err)
	}
	deleted, err = manager.Delete(t.Context(), data.DeleteOptions{Data: true, NoBackup: true})
	if err != nil || !deleted.Volume {
		t.Errorf("deleted was %+v, %v", deleted, err)
	}
	left := cluster.Kubectl(t, "--namespace="+cluster.Namespace("ada"), "get", "pods,configmaps,secrets,persistentvolumeclaims",
		"--selector=app.kubernetes.io/instance="+profile.Runtime, "--output=jsonpath={.items[*].metadata.name}")
	if left != "" {
		t.Errorf("left is %s", left)
	}
}
