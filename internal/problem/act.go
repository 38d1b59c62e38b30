package problem

import (
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/i18n"
)

// ActName names what the program can do for a person at a click. The text of its
// button has the key act.NAME.
type ActName string

// The acts. Menu, notifications and page offer them by these names.
const (
	ActStart           ActName = "start"
	ActContinue        ActName = "continue"
	ActRestart         ActName = "restart"
	ActRepair          ActName = "repair" // restart with the settings that Colab needs, a container made by hand, too
	ActStartWithoutGPU ActName = "startWithoutGPU"
	ActUsePort         ActName = "usePort" // start with another port, which is kept in the settings
	ActInstall         ActName = "install" // show how to get an engine
	ActStartDesktop    ActName = "startDesktop"
	ActInstallDesktop  ActName = "installDesktop" // install Docker Desktop, in a terminal
	ActUsePodman       ActName = "usePodman"
	ActCopyCommand     ActName = "copyCommand" // copy the command of the problem
	ActEditSettings    ActName = "editSettings"
	ActShowLogs        ActName = "showLogs"
	ActUpdate          ActName = "update" // take a newer image
	ActKeepRunning     ActName = "keepRunning"
	ActUndoDelete      ActName = "undoDelete"
	ActFreeKernels     ActName = "freeKernels" // shut down the idle kernels
	ActCopyURL         ActName = "copyURL"
	ActOpenColab       ActName = "openColab"
)

// Act is something that the program can do at a click. Acts can be compared with ==.
type Act struct {
	Name ActName
	// Port is the port of ActUsePort; else 0.
	Port int
}

// Label returns the text of a button.
func (a Act) Label() string { return i18n.T("act."+string(a.Name), "port", a.Port) }

// Asked returns what to tell a person at once who has clicked on an act that shows nothing
// for a while; empty for other acts.
func (a Act) Asked() string {
	switch a.Name {
	case ActStartDesktop, ActUsePodman:
		return i18n.T("actAsked." + string(a.Name))
	default:
		return ""
	}
}

// String returns the act as one word, which [ParseAct] reads.
func (a Act) String() string {
	if a.Port == 0 {
		return string(a.Name)
	}
	return string(a.Name) + ":" + strconv.Itoa(a.Port)
}

// ParseAct reads what [Act.String] has written. It returns the zero value for
// anything else.
func ParseAct(word string) Act {
	name, port, hasPort := strings.Cut(word, ":")
	a := Act{Name: ActName(name)}
	if hasPort {
		a.Port, _ = strconv.Atoi(port)
	}
	if a.String() != word || hasPort != (a.Name == ActUsePort) || a.Port < 0 || a.Port > 65535 {
		return Act{}
	}
	return a
}

// acts are the acts for each kind of problem, most useful first. A problem with
// arguments of its own has them in Problem.Acts instead.
var acts = map[Code][]ActName{
	NoEngine:            {ActInstall},
	NoContext:           {ActCopyCommand},
	RemoteEngine:        {ActCopyCommand},
	EngineTLS:           {ActEditSettings},
	SSHHostUnknown:      {ActCopyCommand},
	SSHHostChanged:      {ActCopyCommand},
	SSHLogin:            {ActCopyCommand},
	SSHUnreachable:      {ActEditSettings, ActCopyCommand},
	SSHForwarding:       {ActCopyCommand},
	SSHFailed:           {ActCopyCommand},
	NoSSH:               {ActEditSettings},
	NoEngineThere:       {ActCopyCommand},
	DeniedThere:         {ActCopyCommand},
	NoKubectl:           {ActEditSettings},
	NoClusterContext:    {ActEditSettings, ActCopyCommand},
	NoNamespace:         {ActEditSettings, ActCopyCommand},
	ClusterLogin:        {ActCopyCommand},
	ClusterDenied:       {ActCopyCommand},
	ClusterUnreachable:  {ActCopyCommand},
	ClusterQuota:        {ActStart, ActEditSettings},
	ClusterRefused:      {ActEditSettings},
	ClusterCannot:       {ActEditSettings},
	Silent:              {ActCopyCommand},
	Permission:          {ActCopyCommand},
	EngineTooOld:        {ActInstall},
	PortInUse:           {ActStart},
	ImageNotFound:       {ActEditSettings},
	PullFailed:          {ActStart},
	DiskFull:            {ActStart, ActCopyCommand},
	DiedStarting:        {ActStart, ActShowLogs},
	Exited:              {ActStart, ActShowLogs},
	OutOfMemory:         {ActStart},
	Evicted:             {ActStart, ActEditSettings},
	Preempted:           {ActStart},
	MachineLost:         {ActStart},
	EndedElsewhere:      {ActStart},
	Overdue:             {ActStart},
	NotFilled:           {ActStart, ActEditSettings},
	VolumeReadOnly:      {ActStart, ActEditSettings},
	NoAnswer:            {ActRestart, ActShowLogs},
	Paused:              {ActContinue},
	NotPublished:        {ActCopyCommand},
	Serves:              {ActShowLogs},
	Elsewhere:           {ActCopyCommand},
	UnsupportedPlatform: {ActEditSettings},
	NoContainer:         {ActStart},
	Without:             {ActEditSettings},
	NotOwned:            {ActCopyCommand},
	FoldersUnmapped:     {ActCopyCommand},
	FolderDenied:        {ActCopyCommand},
	Unusual:             {ActEditSettings},
	Occupied:            {ActCopyCommand, ActStart},
	GPU:                 {ActStartWithoutGPU, ActCopyCommand},
	FolderMissing:       {ActEditSettings, ActStart},
	Handmade:            {ActCopyCommand, ActStart},
	NameTaken:           {ActCopyCommand},
	RolledBack:          {ActEditSettings},
	NotReady:            {ActStart},
	NoPage:              {ActOpenColab},
	EngineFailed:        {ActStart},
	Settings:            {ActEditSettings},
	DataInUse:           {ActCopyCommand},
	NoData:              {ActStart},
	OpenToNetwork:       {ActCopyCommand},
	BackupFailed:        {ActCopyCommand},
	Unsaved:             {ActRestart, ActCopyCommand},
}

// Offers returns what the program can do about the problem, most useful first.
// Whether it can be done at the moment depends on the state of the runtime.
func (p *Problem) Offers() []Act {
	offers := slices.Clone(p.Acts)
	if offers == nil {
		for _, name := range acts[p.Code] {
			offers = append(offers, Act{Name: name})
		}
	}
	return slices.DeleteFunc(offers, func(a Act) bool { return a.Name == ActCopyCommand && p.Command == "" })
}
