// Package runtime owns the runtime: the container that Jupyter runs in, with
// its data volume, as the engine has them. It knows the state, does what a
// person asks for, finds the Backend URL and notices when the token changes.
//
// It owns no text of a menu, no notification and no command line, and it does
// not know what Colab needs of a Jupyter server: the files that bring that
// about are handed to it. The engine is the truth: nothing of what the engine
// knows is kept here or on disk, but for a salted hash of the last token.
//
// # Who does what
//
// A [Fleet] has the runtimes of all profiles, and follows their changes. A
// [Link] is the connection to the engine, shared by all runtimes: it tells
// each [Manager] when the engine comes and goes and that something happened to
// its container. The goroutine of [Manager.Run] owns a model, which is pure: it
// takes in one event and asks for effects. Effects that take time (inspections,
// operations, the watch for Jupyter's answer) run outside and post an event
// when they are over. An event that belongs to an earlier operation, to an
// earlier run of the container, or to an inspection from before the last
// operation ended, is dropped.
//
// # States
//
// The state is derived from what is wanted and what is observed, the first
// line that fits:
//
//	nothing heard of the engine                       Unknown
//	the engine does not answer                        NoEngine
//	a stop, or a cancelled operation, under way       Stopping
//	an operation under way, pulling                   Pulling
//	a delete or a restore under way                   Stopping
//	an operation under way                            Starting
//	container not inspected yet, or it ran before
//	we came and was not asked yet                     Unknown
//	container paused                                  Paused
//	container runs, Jupyter answered                  Ready
//	container runs, Jupyter silent for long           Unhealthy
//	container runs                                    Starting
//	the last thing asked for failed, or it died       Failed
//	container there                                   Stopped
//	no container                                      Absent
//
// # Events
//
//	engine up      look; nothing is forgotten, for the stream may just have broken off
//	engine down    forget what was observed and wanted
//	hint           look
//	killed         remember that the run's end is no failure
//	seen           take in the inspection; a run that ended unasked and badly is a problem
//	kept image     remember whether there is one to go back to
//	reprofiled     look; watch anew, if the image is of another kind
//	command        want it: begin now, after what is under way, or instead of it (stop)
//	abandoned      cancel the start under way, or stop the run that it began;
//	               or cancel the delete or restore, if that is what was asked for
//	progressed     show the pull
//	pulled         show the start again
//	done           take in what the operation left behind, with its problem; look
//	answered       ready, with this Backend URL
//	unanswered     not ready yet
//	rooted         remember whose files the server shows; look, if nothing keeps them
//	late           unhealthy, with this problem
//	idling         remember when it will be stopped for idleness
//	idled          remember that this run is stopped for idleness
//
// The test of the model goes through every pair of state and event.
package runtime
