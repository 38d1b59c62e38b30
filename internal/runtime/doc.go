// Package runtime owns the runtime: the container that Jupyter runs in, and its
// data volume. It knows the runtime's state, carries out what a person asks for,
// finds the Backend URL, and notices when the token changes.
//
// The engine is the source of truth. The package keeps nothing that the engine
// knows, in memory or on disk, except a salted hash of the last token. What it
// asks registries for, at most once a day, is kept on disk, too.
//
// Package runtime owns no text of a menu, no notification and no command line.
// It does not know what Colab needs of a Jupyter server: its caller passes the
// files that configure the server (see [Server]). What an engine can do is in
// package engine, how Jupyter is asked is in package jupyter, and how a volume is
// backed up, restored and deleted is in package data.
//
// # Who does what
//
//   - [Fleet] has one [Manager] for each container that a profile names, and
//     follows changes of the profiles.
//   - [Link] is the connection to the engine, which all managers share. It tells
//     each manager when the engine begins or ceases to answer, and when the engine
//     has an event of the manager's container.
//   - [Manager] manages one runtime. The goroutine of [Manager.Run] owns a model,
//     runs the model's effects, and publishes a [Snapshot] after each event.
//   - model is a pure state machine: step takes one event and returns effects.
//   - operation is one piece of work on the engine, such as a start or an update.
//   - jupyter.Watch waits until Jupyter answers in one run of the container.
//   - data.Store backs up, restores and deletes the data volume.
//   - gate is the gateway at the port of the Backend URL, where the container's own
//     port is another: see package gateway.
//   - idleGuard stops a runtime that nobody uses.
//   - [ImageNews] knows which image the registry has.
//
// Effects that take time (inspections, operations, jupyter.Watch) run in
// goroutines of their own and post an event when they end. The model drops an
// event if it belongs to an earlier operation, to an earlier run of the container,
// or to an inspection from before the last operation ended.
//
// # States
//
// The state follows from what is wanted and what is observed. The first line that
// applies decides:
//
//	no answer from the engine yet                     Unknown
//	the engine does not answer                        NoEngine
//	a stop or a cancelled operation is running        Stopping
//	an operation is running and pulls an image        Pulling
//	a delete or a restore is running                  Stopping
//	the container waits for what others have          Waiting
//	another operation is running                      Starting
//	the container is not inspected yet                Unknown
//	the container is paused                           Paused
//	the container ran before this program, and
//	Jupyter is not asked yet                          Unknown
//	the container runs, Jupyter has answered          Ready
//	the container runs, Jupyter is silent for long,
//	or the port of the Backend URL is in use          Unhealthy
//	the container runs                                Starting
//	the last operation failed, or the container died  Failed
//	the container exists                              Stopped
//	there is no container                             Absent
//
// # Events
//
//	engineUp       inspect; keep what is known, for perhaps only the event stream broke
//	engineDown     forget what was observed and what is wanted, and that an operation failed
//	               because the engine did not answer
//	relinked       nothing: the snapshot has when the connection was lost
//	hint           inspect
//	killed         remember that the end of this run is not a failure
//	seen           store the inspection; an unasked end of the run with an error is a problem
//	keptImage      remember whether there is an image to go back to
//	newerImage     remember which image an update would bring
//	reprofiled     inspect; start a new jupyter.Watch if the kind of the image has changed
//	command        begin the operation now or after the current one; a stop cancels the current one
//	abandoned      cancel the current start, or stop the run that it began;
//	               or cancel the delete or restore that was abandoned
//	progressed     show the progress of the pull
//	pulled         show the start again
//	done           store the container that the operation left, and its problem; inspect
//	answered       ready, with this Backend URL
//	unanswered     not ready yet
//	portTaken      unhealthy, with this problem, until the program listens at the port
//	portsTaken     show these problems as warnings until the program listens at the ports
//	portRetried    nothing; the manager tries the ports again
//	woken          remember that Colab asked for the start that follows
//	rootFound      remember the server's root directory; inspect if no volume keeps it
//	probeTimedOut  unhealthy, with this problem
//	idling         remember when the runtime will be stopped because it is idle
//	idled          remember that this run is stopped because it is idle
//
// The test of the model covers every pair of state and event.
package runtime
