package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"slices"
	"strings"
	"time"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

const (
	// maxImages is how many images are tried for a helper.
	maxImages = 8
	// helperPatience is how long to wait for a helper that changes the data. It moves
	// files within the volume, and deletes old ones.
	helperPatience = 15 * time.Minute
)

// Step is a step of the work on the data.
type Step string

// The steps of work on the data.
const (
	StepStop    Step = "stop"    // stop the runtime
	StepBackup  Step = "backup"  // read the data and write them to a file
	StepVerify  Step = "verify"  // read that file back
	StepCheck   Step = "check"   // read the file to restore
	StepRestore Step = "restore" // put the content of the file into the volume
	StepDelete  Step = "delete"  // delete the container and the volume
	StepStart   Step = "start"   // start the runtime again
	StepCopy    Step = "copy"    // copy files into or out of the volume
	StepRescue  Step = "rescue"  // copy files that would be lost with a container
)

// Progress tells how far the work on the data is.
type Progress struct {
	Step Step
	// Bytes counts the bytes read or written in this step. Total is how many there are;
	// 0 when that is not known.
	Bytes, Total int64
}

// Options are what a [Store] is made from.
type Options struct {
	// Engine is the engine of the volume; Info returns what is known of it.
	Engine engine.Engine
	Info   func() engine.Info
	// Profile is the profile of the runtime, and Spec is its container.
	Profile config.Profile
	Spec    engine.Spec
	// Dir is the directory of automatic backups and of the lock.
	Dir string
	// Log must not be nil.
	Log *slog.Logger
	// Progress is called with the progress of the work; it can be nil.
	Progress func(Progress)
	// AskRoot returns the root directory of the server in a container; "" when it is
	// not known.
	AskRoot func(ctx context.Context, c engine.Container) string
	// Patience is how long to wait for a helper that changes the data; 0 for 15
	// minutes.
	Patience time.Duration
	// LockPatience is how long to wait while other work has the lock; 0 for 10 seconds.
	LockPatience time.Duration
}

// Store works on the data of one runtime. It touches only the volume of the profile,
// and helpers with the runtime's label.
type Store struct {
	Options
	pull  func(context.Context) error // pulls the profile's image
	roots map[string]string           // container ID to the root directory of its server
	made  []string                    // helpers that this Store has made
}

// New makes a Store.
func New(o Options) *Store {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Patience == 0 {
		o.Patience = helperPatience
	}
	if o.LockPatience == 0 {
		o.LockPatience = lockPatience
	}
	d := &Store{Options: o, roots: map[string]string{}}
	d.pull = func(ctx context.Context) error {
		return engine.PullFor(ctx, d.Engine, d.Profile, func(engine.Progress) {})
	}
	return d
}

// PullWith sets the function that pulls the image when a helper needs one.
func (d *Store) PullWith(pull func(context.Context) error) { d.pull = pull }

// Begin reports that a step begins.
func (d *Store) Begin(step Step) { d.Progress(Progress{Step: step}) }

// SetRoot records the root directory of the server in a container.
func (d *Store) SetRoot(container, root string) { d.roots[container] = root }

// Owner is the runtime that the data belong to. Work that changes the data stops its
// container.
type Owner interface {
	// Inspect returns the runtime's container.
	Inspect(ctx context.Context) (engine.Container, error)
	// Stop stops the runtime's container.
	Stop(ctx context.Context, c engine.Container) error
	// Recover finishes or undoes an operation that was interrupted. It returns the ID
	// of the previous container when that still exists, else "".
	Recover(ctx context.Context) (previous string, err error)
	// PreviousName returns the name of that previous container.
	PreviousName() string
}

// RecoverUnlessBusy is RecoverInterrupted for a start. It does nothing while a backup
// is in progress, which a start need not wait for.
func (d *Store) RecoverUnlessBusy(ctx context.Context) error {
	helpers, err := d.helpers(ctx)
	if err != nil || len(helpers) == 0 {
		return err
	}
	release, err := d.tryLock()
	if err != nil {
		if slices.ContainsFunc(helpers, func(h engine.Helper) bool { return h.Writes }) {
			return err
		}
		return nil
	}
	defer release()
	return d.RecoverInterrupted(ctx)
}

// RecoverInterrupted removes what an interrupted program left behind, after it has
// finished or undone that program's change of the data. The caller must hold the lock.
func (d *Store) RecoverInterrupted(ctx context.Context) error {
	helpers, err := d.helpers(ctx)
	if err != nil || len(helpers) == 0 {
		return err
	}
	if slices.ContainsFunc(helpers, func(h engine.Helper) bool { return h.Writes }) {
		d.Log.Info("recovering from interrupted work on the data")
		if err := d.recover(ctx); err != nil && !errors.Is(err, errOldData) {
			return err
		}
	}
	return d.removeHelpers(ctx)
}

func (d *Store) helpers(ctx context.Context) ([]engine.Helper, error) {
	volumes, has := engine.As[engine.Volumes](d.Engine)
	if !has {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	return volumes.Helpers(ctx, d.Profile.Runtime)
}

// read opens an archive of the volume that a helper mounts.
func (d *Store) read(ctx context.Context, helper string) (io.ReadCloser, error) {
	return d.readPath(ctx, helper, engine.HelperDataDir)
}

// readPath opens an archive of the path that a helper was made to read.
func (d *Store) readPath(ctx context.Context, helper, path string) (io.ReadCloser, error) {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return nil, err
	}
	return volumes.ReadHelper(ctx, helper, path)
}

// remove removes a helper.
func (d *Store) remove(ctx context.Context, helper string) error {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return err
	}
	return volumes.RemoveHelper(ctx, helper)
}

// removeMade removes the helpers that this Store has made, and leaves those of others who
// read at the same time. It can do so even when ctx has ended.
func (d *Store) removeMade(ctx context.Context) (err error) {
	for _, id := range d.made {
		err = errors.Join(err, d.removeOne(ctx, id))
	}
	d.made = nil
	return err
}

// removeHelpers removes all helpers of the runtime. It has [engine.CleanupTimeout] to
// do so even when ctx has ended.
func (d *Store) removeHelpers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	helpers, err := d.helpers(ctx)
	for _, h := range helpers {
		err = errors.Join(err, d.remove(ctx, h.ID))
	}
	return err
}

// images yields the images that a helper can be made from, the most suitable first. When
// the engine has no image, images pulls the one of the profile. It asks for all images
// of the engine only when the others do not serve: Podman's list fails while anybody
// removes an image, and always when one is damaged.
func (d *Store) images(ctx context.Context) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) {
		own, err := d.ownImages(ctx)
		if err != nil {
			yield("", err)
			return
		}
		for _, id := range own {
			if !yield(id, nil) {
				return
			}
		}
		others, err := d.otherImages(ctx, own)
		switch {
		case err != nil && len(own) > 0:
			d.Log.Debug("cannot list the images", "error", err)
		case err != nil:
			yield("", err)
		case len(own)+len(others) == 0:
			yield(d.Profile.Image, d.pull(ctx))
		}
		for _, id := range others[:min(len(others), maxImages-len(own))] {
			if !yield(id, nil) {
				return
			}
		}
	}
}

// ownImages lists the images of the container and of the profile.
func (d *Store) ownImages(ctx context.Context) (ids []string, err error) {
	c, err := d.Engine.Inspect(ctx, d.Profile.Runtime)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{c.ImageID, c.Image, d.Profile.Image} {
		if name == "" {
			continue
		}
		image, err := d.Engine.Image(ctx, name, "")
		if err != nil {
			return nil, err
		}
		if image.ID != "" && !slices.Contains(ids, image.ID) {
			ids = append(ids, image.ID)
		}
	}
	return ids, nil
}

// otherImages lists the engine's images without those of known.
func (d *Store) otherImages(ctx context.Context, known []string) ([]string, error) {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return nil, err
	}
	all, err := volumes.Images(ctx)
	return slices.DeleteFunc(all, func(id string) bool { return slices.Contains(known, id) }), err
}

// create makes a helper.
func (d *Store) create(ctx context.Context, spec engine.HelperSpec) (id string, err error) {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	spec.Runtime, spec.Path = d.Profile.Runtime, engine.HelperDataDir
	id, err = volumes.CreateHelper(ctx, spec)
	if err == nil {
		d.made = append(d.made, id)
	}
	return id, err
}

// reader makes a helper that reads the data volume.
func (d *Store) reader(ctx context.Context) (id string, err error) {
	return d.readerOf(ctx, d.Profile.Volume(), engine.HelperDataDir)
}

// readerOf makes a helper that reads a path of a volume.
func (d *Store) readerOf(ctx context.Context, volume, path string) (id string, err error) {
	err = d.tryImages(ctx, func(image string) (err error) {
		id, err = d.create(ctx, engine.ReadingHelper(d.Profile.Runtime, image, volume, path))
		return err
	})
	return id, err
}

// tryImages calls try with one image after another until it succeeds, or until it fails
// in a way that any image would.
func (d *Store) tryImages(ctx context.Context, try func(image string) error) error {
	var failure error
	for image, err := range d.images(ctx) {
		if err != nil {
			return err
		}
		if failure = try(image); failure == nil || isPermanent(ctx, failure) {
			break
		}
		d.Log.Debug("cannot make a helper from the image", "image", image, "error", failure)
	}
	return failure
}

// runScript runs the script in a helper made from the first image that has a shell. It
// waits for the script's end even when ctx ends, because the script must not be
// interrupted. It calls prepare once, before the script starts.
func (d *Store) runScript(ctx context.Context, mode string, prepare func(helper string) error) error {
	return d.runCommand(ctx, []string{"sh", "-c", script, "sh", mode, engine.HelperDataDir}, prepare)
}

func (d *Store) runCommand(ctx context.Context, cmd []string, prepare func(helper string) error) error {
	prepared, previous := false, ""
	var ended error
	err := d.tryImages(ctx, func(image string) error {
		id, err := d.create(ctx, engine.HelperSpec{Image: image, Cmd: cmd, Volume: d.Profile.Volume(), Writes: true})
		if err != nil {
			return err
		}
		if !prepared {
			if ended = prepare(id); ended != nil {
				return nil
			}
			prepared = true
		}
		if previous != "" {
			_ = d.remove(ctx, previous)
		}
		previous = id
		if err := d.start(ctx, id); err != nil {
			return err
		}
		ended = d.ended(context.WithoutCancel(ctx), id)
		return nil
	})
	if ended != nil {
		return ended
	}
	return err
}

// isPermanent reports whether another image would fail in the same way.
func isPermanent(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, engine.ErrUnreachable) || errors.Is(err, engine.ErrPermission) || errors.Is(err, engine.ErrDiskFull)
}

// start starts a helper. An engine may obey a request that is cut off, so start does
// not cut it off when ctx ends: it only makes no request once ctx has ended.
func (d *Store) start(ctx context.Context, helper string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.RequestTimeout)
	defer cancel()
	return d.Engine.Start(ctx, helper)
}

// await waits until a helper ends, at most for Patience.
func (d *Store) await(ctx context.Context, helper string) error {
	waiting, cancel := context.WithTimeout(ctx, d.Patience)
	defer cancel()
	err := d.Engine.Wait(waiting, helper)
	if err == nil || waiting.Err() == nil || ctx.Err() != nil {
		return err
	}
	c, err := d.Engine.Inspect(ctx, helper)
	if err != nil || !c.Running {
		return err
	}
	return helperRunsProblem(d.Profile, c.Name, d.Patience, d.Info().Command)
}

// ended waits until a started helper ends, and returns an error unless it succeeded.
func (d *Store) ended(ctx context.Context, helper string) error {
	if err := d.await(ctx, helper); err != nil {
		return err
	}
	c, err := d.Engine.Inspect(ctx, helper)
	if err != nil {
		return err
	}
	output := strings.Join(engine.LastLines(ctx, d.Engine, engine.Container{ID: helper, StartedAt: time.Unix(1, 0)}, 5), "\n")
	switch {
	case !c.Exists:
		return errors.New(i18n.T("problem.helperRemoved"))
	case c.ExitCode == 0:
		return nil
	case c.ExitCode == scriptOldData:
		return fmt.Errorf("%w: %s", errOldData, output)
	case c.ExitCode == copyMismatch:
		return mismatchOf(output)
	default:
		return errors.New(i18n.T("problem.helperEnded", "code", c.ExitCode, "output", output))
	}
}

// recover finishes or undoes a helper's change of the data. It returns errOldData when
// the old data are in place. It removes no helper before it has made its own, so that
// recover can be interrupted, too. It removes all others before its own starts, so that
// no two run at a time: the engine may just be starting a helper of a program that was
// killed.
func (d *Store) recover(ctx context.Context) error {
	return d.runScript(ctx, "recover", func(self string) error {
		helpers, err := d.helpers(ctx)
		for _, h := range helpers {
			if h.ID == self || err != nil {
				continue
			}
			d.Log.Info("waiting for a helper that changes the data", "container", h.Name)
			if err = d.await(ctx, h.ID); err == nil || errors.Is(err, engine.ErrNotFound) {
				err = d.remove(ctx, h.ID)
			}
		}
		if err != nil {
			err = errors.Join(err, d.removeUnstarted(ctx, self))
		}
		return err
	})
}

// removeUnstarted removes a helper that was not started, provided that another helper
// is left to tell the next operation to recover.
func (d *Store) removeUnstarted(ctx context.Context, self string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	helpers, err := d.helpers(ctx)
	if err != nil || !slices.ContainsFunc(helpers, func(h engine.Helper) bool { return h.Writes && h.ID != self }) {
		return err
	}
	return d.remove(ctx, self)
}
