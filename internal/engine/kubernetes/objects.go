package kubernetes

import (
	"encoding/json"
	"time"
)

// The types have what this package writes and reads of the objects of a cluster
// (https://kubernetes.io/docs/reference/kubernetes-api/), and nothing else.

type typeMeta struct {
	APIVersion string `json:"apiVersion,omitempty"`
	Kind       string `json:"kind,omitempty"`
}

type objectMeta struct {
	Name              string            `json:"name,omitempty"`
	Namespace         string            `json:"namespace,omitempty"`
	UID               string            `json:"uid,omitempty"`
	ResourceVersion   string            `json:"resourceVersion,omitempty"`
	Labels            map[string]string `json:"labels,omitempty"`
	Annotations       map[string]string `json:"annotations,omitempty"`
	CreationTimestamp time.Time         `json:"creationTimestamp,omitzero"`
	DeletionTimestamp time.Time         `json:"deletionTimestamp,omitzero"`
	OwnerReferences   []ownerReference  `json:"ownerReferences,omitempty"`
}

// ownerReference has the cluster remove an object with its owner.
type ownerReference struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Name       string `json:"name"`
	UID        string `json:"uid"`
}

// status is the API's answer to a request that fails, and what an event of a broken watch
// has.
type status struct {
	Kind    string `json:"kind"`
	Status  string `json:"status"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
	Code    int    `json:"code"`
	Details struct {
		Name string `json:"name"`
		Kind string `json:"kind"`
	} `json:"details"`
}

type list[T any] struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
		Continue        string `json:"continue"`
	} `json:"metadata"`
	Items []T `json:"items"`
}

type watchEvent struct {
	Type   string          `json:"type"` // ADDED, MODIFIED, DELETED, BOOKMARK or ERROR
	Object json.RawMessage `json:"object"`
}

type configMap struct {
	typeMeta
	Metadata   objectMeta        `json:"metadata"`
	Data       map[string]string `json:"data,omitempty"`
	BinaryData map[string][]byte `json:"binaryData,omitempty"`
}

type secretObject struct {
	typeMeta
	Metadata objectMeta        `json:"metadata"`
	Type     string            `json:"type,omitempty"`
	Data     map[string][]byte `json:"data,omitempty"`
}

type claim struct {
	typeMeta
	Metadata objectMeta `json:"metadata"`
	Spec     claimSpec  `json:"spec"`
	Status   struct {
		Phase string `json:"phase"` // Pending, Bound or Lost
	} `json:"status,omitzero"`
}

type claimSpec struct {
	AccessModes      []string  `json:"accessModes"`
	Resources        resources `json:"resources"`
	StorageClassName *string   `json:"storageClassName,omitempty"`
}

type resources struct {
	Limits   map[string]string `json:"limits,omitempty"`
	Requests map[string]string `json:"requests,omitempty"`
}

type pod struct {
	typeMeta
	Metadata objectMeta `json:"metadata"`
	Spec     podSpec    `json:"spec"`
	Status   podStatus  `json:"status,omitzero"`
}

type podSpec struct {
	RestartPolicy                 string              `json:"restartPolicy"`
	AutomountServiceAccountToken  bool                `json:"automountServiceAccountToken"`
	EnableServiceLinks            bool                `json:"enableServiceLinks"`
	TerminationGracePeriodSeconds int64               `json:"terminationGracePeriodSeconds,omitempty"`
	Hostname                      string              `json:"hostname,omitempty"`
	NodeName                      string              `json:"nodeName,omitempty"`
	NodeSelector                  map[string]string   `json:"nodeSelector,omitempty"`
	Tolerations                   []toleration        `json:"tolerations,omitempty"`
	Affinity                      *affinity           `json:"affinity,omitempty"`
	ImagePullSecrets              []localReference    `json:"imagePullSecrets,omitempty"`
	SecurityContext               *podSecurity        `json:"securityContext,omitempty"`
	InitContainers                []containerTemplate `json:"initContainers,omitempty"`
	Containers                    []containerTemplate `json:"containers"`
	Volumes                       []volume            `json:"volumes,omitempty"`
}

type toleration struct {
	Key      string `json:"key,omitempty"`
	Operator string `json:"operator,omitempty"`
	Value    string `json:"value,omitempty"`
	Effect   string `json:"effect,omitempty"`
}

type affinity struct {
	PodAffinity podAffinity `json:"podAffinity"`
}

type podAffinity struct {
	Required []podAffinityTerm `json:"requiredDuringSchedulingIgnoredDuringExecution"`
}

type podAffinityTerm struct {
	LabelSelector labelSelector `json:"labelSelector"`
	TopologyKey   string        `json:"topologyKey"`
}

type labelSelector struct {
	MatchLabels map[string]string `json:"matchLabels"`
}

type localReference struct {
	Name string `json:"name"`
}

type podSecurity struct {
	RunAsNonRoot        bool            `json:"runAsNonRoot"`
	RunAsUser           *int64          `json:"runAsUser,omitempty"`
	RunAsGroup          *int64          `json:"runAsGroup,omitempty"`
	FSGroup             *int64          `json:"fsGroup,omitempty"`
	FSGroupChangePolicy string          `json:"fsGroupChangePolicy,omitempty"`
	SeccompProfile      *seccompProfile `json:"seccompProfile,omitempty"`
}

type seccompProfile struct {
	Type string `json:"type"`
}

type containerTemplate struct {
	Name            string             `json:"name"`
	Image           string             `json:"image"`
	Command         []string           `json:"command,omitempty"`
	Args            []string           `json:"args,omitempty"`
	WorkingDir      string             `json:"workingDir,omitempty"`
	Env             []envVar           `json:"env,omitempty"`
	Ports           []containerPort    `json:"ports,omitempty"`
	Resources       *resources         `json:"resources,omitempty"`
	SecurityContext *containerSecurity `json:"securityContext,omitempty"`
	VolumeMounts    []volumeMount      `json:"volumeMounts,omitempty"`
	Lifecycle       *lifecycle         `json:"lifecycle,omitempty"`
}

type lifecycle struct {
	PreStop handler `json:"preStop"`
}

type handler struct {
	Exec execAction `json:"exec"`
}

type execAction struct {
	Command []string `json:"command"`
}

type envVar struct {
	Name      string     `json:"name"`
	ValueFrom *envSource `json:"valueFrom"`
}

type envSource struct {
	SecretKeyRef keyReference `json:"secretKeyRef"`
}

type keyReference struct {
	Name string `json:"name"`
	Key  string `json:"key"`
}

type containerPort struct {
	ContainerPort int    `json:"containerPort"`
	Protocol      string `json:"protocol,omitempty"`
}

type containerSecurity struct {
	AllowPrivilegeEscalation bool         `json:"allowPrivilegeEscalation"`
	Privileged               bool         `json:"privileged"`
	Capabilities             capabilities `json:"capabilities"`
}

type capabilities struct {
	Drop []string `json:"drop"`
}

type volumeMount struct {
	Name      string `json:"name"`
	MountPath string `json:"mountPath"`
	SubPath   string `json:"subPath,omitempty"`
	ReadOnly  bool   `json:"readOnly,omitempty"`
}

type volume struct {
	Name                  string           `json:"name"`
	PersistentVolumeClaim *claimSource     `json:"persistentVolumeClaim,omitempty"`
	ConfigMap             *configMapSource `json:"configMap,omitempty"`
	EmptyDir              *emptyDirSource  `json:"emptyDir,omitempty"`
}

type claimSource struct {
	ClaimName string `json:"claimName"`
}

type configMapSource struct {
	Name string `json:"name"`
}

type emptyDirSource struct {
	Medium    string `json:"medium,omitempty"`
	SizeLimit string `json:"sizeLimit,omitempty"`
}

type podStatus struct {
	Phase                 string            `json:"phase"` // Pending, Running, Succeeded, Failed or Unknown
	Reason                string            `json:"reason"`
	Message               string            `json:"message"`
	StartTime             time.Time         `json:"startTime"`
	Conditions            []condition       `json:"conditions"`
	InitContainerStatuses []containerStatus `json:"initContainerStatuses"`
	ContainerStatuses     []containerStatus `json:"containerStatuses"`
}

type condition struct {
	Type               string    `json:"type"`
	Status             string    `json:"status"` // True, False or Unknown
	Reason             string    `json:"reason"`
	Message            string    `json:"message"`
	LastTransitionTime time.Time `json:"lastTransitionTime"`
}

type containerStatus struct {
	Name    string `json:"name"`
	Image   string `json:"image"`
	ImageID string `json:"imageID"`
	State   struct {
		Waiting    *stateWaiting    `json:"waiting"`
		Running    *stateRunning    `json:"running"`
		Terminated *stateTerminated `json:"terminated"`
	} `json:"state"`
}

type stateWaiting struct {
	Reason  string `json:"reason"`
	Message string `json:"message"`
}

type stateRunning struct {
	StartedAt time.Time `json:"startedAt"`
}

type stateTerminated struct {
	ExitCode   int       `json:"exitCode"`
	Signal     int       `json:"signal"`
	Reason     string    `json:"reason"`
	Message    string    `json:"message"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
}
