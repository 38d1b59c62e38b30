// Package kubernetes owns the engine of a Kubernetes cluster: a namespace of it, which
// the person's own kubectl reaches. It makes pods, claims, secrets and config maps there,
// all with labels of ours, and reads and touches nothing else of the cluster.
//
// A container of package engine outlives its runs, and a pod does not. So a container is
// a config map, the record, with the pod that each start makes from it (container.go, run.go), and
// what is known of the last run. A run is a pod. The pod goes when the container is
// stopped; the claim, which is the data volume, stays.
//
// The API is asked over HTTP through `kubectl proxy` on a private socket (proxy.go), so
// that each way in which a person logs in works. A watch is a hint: who is told of a
// change gets the object again. Ports are reached through `kubectl port-forward`
// (forward.go), files through `kubectl exec` and tar (exec.go).
//
// The package passes the contract suite of package enginetest on a real cluster
// (test/cluster). Other settings change the record of a container (remake.go). It lacks the
// abilities to tag images, to compare them with their registry, and to measure. So what needs
// these is not offered: update, usage.
package kubernetes
