package data

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

const (
	// maxImages is how many images are tried for a helper.
	maxImages = 8
	// helperPatience is how long the end of a helper that works on the data is
	// waited for. It moves files within the volume, and deletes old ones.
	helperPatience = 15 * time.Minute
)

// Step is a step of work on the data.
type Step string

// The steps of work on the data.
const (
	StepStop    Step = "stop"    // the runtime is stopped
	StepBackup  Step = "backup"  // the data are read and written to a file
	StepVerify  Step = "verify"  // that file is read back
	StepCheck   Step = "check"   // the file to restore is read
	StepRestore Step = "restore" // its content is put into the volume
	StepDelete  Step = "delete"  // container and volume are deleted
	StepStart   Step = "start"   // the runtime is started again
	StepRescue  Step = "rescue"  // what would go away with a container is copied
)

// Progress tells how far work on the data is.
type Progress struct {
	Step Step
	// Bytes counts those read or written in this step; Total is how many there
	// are, 0 when that is not known.
	Bytes, Total int64
}

// Options are what [data] is made of.
type Options struct {
	// Engine has the volume; Info tells who the engine is.
	Engine engine.Engine
	Info   func() engine.Info
	// Profile is what the runtime is made from, and Spec its container.
	Profile config.Profile
	Spec    engine.Spec
	// Dir is the directory of automatic backups, and of the lock.
	Dir string
	// Log gets what goes on.
	Log *slog.Logger
	// Progress is told how far the work is; it can be nil.
	Progress func(Progress)
	// AskRoot asks for the directory whose files the server of a container shows;
	// it returns "" when that is not known.
	AskRoot func(ctx context.Context, c engine.Container) string
	// Patience is how long the end of a helper is waited for that works on the
	// data; 0 for as long as usual.
	Patience time.Duration
}

// Store is what work on the data of one runtime needs. It touches the volume of
// the profile and helpers that carry its label, and no other.
type Store struct {
	Options
	pull  func(context.Context) error // pulls the profile's image
	roots map[string]string           // what the servers of containers show, by ID
}

// New makes what works on the data of one runtime.
func New(o Options) *Store {
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.Patience == 0 {
		o.Patience = helperPatience
	}
	d := &Store{Options: o, roots: map[string]string{}}
	d.pull = func(ctx context.Context) error {
		return d.Engine.Pull(ctx, d.Profile.Image, d.Profile.Platform, func(engine.Progress) {})
	}
	return d
}

// PullWith has the image pulled by that function, where work on the data needs it.
func (d *Store) PullWith(pull func(context.Context) error) { d.pull = pull }

// Begin tells that a step begins.
func (d *Store) Begin(step Step) { d.Progress(Progress{Step: step}) }

// SetRoot notes what the server of a container shows.
func (d *Store) SetRoot(container, root string) { d.roots[container] = root }

// An owner is the runtime whose data they are, as far as work on them changes it.
type Owner interface {
	// Inspect returns its container.
	Inspect(ctx context.Context) (engine.Container, error)
	// Stop stops its container.
	Stop(ctx context.Context, c engine.Container) error
	// Recover ends what an operation was killed in the middle of. It returns the
	// ID of the container that has yet to be replaced, if there is one.
	Recover(ctx context.Context) (previous string, err error)
	// PreviousName returns the name of such a container.
	PreviousName() string
}

// Lock keeps other programs, and other work of this one, away from the data
// until release. The claim ends with the process, however it ends: helpers that
// are there when it is got are left over.
func (d *Store) Lock() (release func(), err error) {
	if err := config.EnsurePrivateDir(d.Dir); err != nil {
		return nil, backupDirProblem(d.Dir, err)
	}
	lock := flock.New(filepath.Join(d.Dir, d.Profile.Runtime+".lock"))
	got, err := lock.TryLock()
	switch {
	case err != nil:
		_ = lock.Close()
		return nil, backupDirProblem(d.Dir, err)
	case !got:
		_ = lock.Close()
		return nil, busyProblem(d.Profile)
	}
	d.removeParts()
	return func() { _ = lock.Close() }, nil
}

// RecoverUnlessBusy does what tidy does before a start, which a backup under way
// does not keep from.
func (d *Store) RecoverUnlessBusy(ctx context.Context) error {
	helpers, err := d.helpers(ctx)
	if err != nil || len(helpers) == 0 {
		return err
	}
	release, err := d.Lock()
	if err != nil {
		if slices.ContainsFunc(helpers, func(h engine.Helper) bool { return h.Writes }) {
			return err
		}
		return nil
	}
	defer release()
	return d.RecoverInterrupted(ctx)
}

// RecoverInterrupted removes what a program that was killed has left behind, after it has
// taken back or finished what that was doing to the data.
func (d *Store) RecoverInterrupted(ctx context.Context) error {
	helpers, err := d.helpers(ctx)
	if err != nil || len(helpers) == 0 {
		return err
	}
	if slices.ContainsFunc(helpers, func(h engine.Helper) bool { return h.Writes }) {
		d.Log.Info("finishing what was interrupted")
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

// read opens an archive of what a helper has.
func (d *Store) read(ctx context.Context, helper string) (io.ReadCloser, error) {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return nil, err
	}
	return volumes.ReadHelper(ctx, helper)
}

// remove removes a helper.
func (d *Store) remove(ctx context.Context, helper string) error {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return err
	}
	return volumes.RemoveHelper(ctx, helper)
}

// removeHelpers removes the helpers. It goes on when ctx has ended, for a while.
func (d *Store) removeHelpers(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	helpers, err := d.helpers(ctx)
	for _, h := range helpers {
		err = errors.Join(err, d.remove(ctx, h.ID))
	}
	return err
}

// images lists the images that a helper can be made from, the likeliest first.
// When there is none at all, that of the profile is pulled.
func (d *Store) images(ctx context.Context) ([]string, error) {
	var candidates []string
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
		if image.ID != "" && !slices.Contains(candidates, image.ID) {
			candidates = append(candidates, image.ID)
		}
	}
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return nil, err
	}
	others, err := volumes.Images(ctx)
	if err != nil {
		return nil, err
	}
	for _, id := range others {
		if !slices.Contains(candidates, id) {
			candidates = append(candidates, id)
		}
	}
	if len(candidates) == 0 {
		return []string{d.Profile.Image}, d.pull(ctx)
	}
	return candidates[:min(len(candidates), maxImages)], nil
}

// create makes a helper that mounts a volume.
func (d *Store) create(ctx context.Context, spec engine.HelperSpec) (id string, err error) {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	spec.Runtime, spec.Path = d.Profile.Runtime, engine.HelperDataDir
	return volumes.CreateHelper(ctx, spec)
}

// reader makes a helper through which the volume is read.
func (d *Store) reader(ctx context.Context) (id string, err error) {
	return d.readerOf(ctx, d.Profile.Volume())
}

// readerOf makes a helper through which a volume is read.
func (d *Store) readerOf(ctx context.Context, volume string) (id string, err error) {
	err = d.tryImages(ctx, func(image string) (err error) {
		id, err = d.create(ctx, engine.ReadingHelper(d.Profile.Runtime, image, volume))
		return err
	})
	return id, err
}

// tryImages calls try with one image after the other until it does not fail, or
// would with each.
func (d *Store) tryImages(ctx context.Context, try func(image string) error) error {
	images, err := d.images(ctx)
	if err != nil {
		return err
	}
	for _, image := range images {
		if err = try(image); err == nil || isPermanent(ctx, err) {
			break
		}
	}
	return err
}

// runScript runs the script in a helper, of the first image that has a shell, and
// waits for its end, also when ctx ends: it is not to be broken off. prepare is
// called once, before its start.
func (d *Store) runScript(ctx context.Context, mode string, prepare func(helper string) error) error {
	return d.runCommand(ctx, []string{"sh", "-c", script, "sh", mode, engine.HelperDataDir}, prepare)
}

func (d *Store) runCommand(ctx context.Context, cmd []string, prepare func(helper string) error) error {
	images, err := d.images(ctx)
	if err != nil {
		return err
	}
	prepared, before := false, ""
	for _, image := range images {
		var id string
		if id, err = d.create(ctx, engine.HelperSpec{Image: image, Cmd: cmd, Volume: d.Profile.Volume(), Writes: true}); err == nil {
			if !prepared {
				if err := prepare(id); err != nil {
					return err
				}
				prepared = true
			}
			if before != "" {
				_ = d.remove(ctx, before)
			}
			before = id
			if err = d.start(ctx, id); err == nil {
				return d.ended(context.WithoutCancel(ctx), id)
			}
		}
		if isPermanent(ctx, err) {
			break
		}
		d.Log.Debug("image makes no helper", "image", image, "error", err)
	}
	return err
}

// isPermanent reports whether another image would fail in the same way.
func isPermanent(ctx context.Context, err error) bool {
	return ctx.Err() != nil || errors.Is(err, engine.ErrUnreachable) || errors.Is(err, engine.ErrPermission) || errors.Is(err, engine.ErrDiskFull)
}

// start starts a helper. A request that is cut off may be obeyed all the same, so
// the end of ctx only keeps it from being made.
func (d *Store) start(ctx context.Context, helper string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.RequestTimeout)
	defer cancel()
	return d.Engine.Start(ctx, helper)
}

// await waits for the end of a helper, within patience.
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

// ended waits for the end of a helper that was started.
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
	default:
		return errors.New(i18n.T("problem.helperEnded", "code", c.ExitCode, "output", output))
	}
}

// recover takes back or finishes what a helper was doing to the data, and tells
// with errOldData when the data are the old ones. No helper is removed before
// there is another, so that this can be cut off, too; and all others are removed
// before that one starts, so that no two run at a time: the engine may just be
// starting one whose program was killed.
func (d *Store) recover(ctx context.Context) error {
	return d.runScript(ctx, "recover", func(self string) error {
		helpers, err := d.helpers(ctx)
		for _, h := range helpers {
			if h.ID == self || err != nil {
				continue
			}
			d.Log.Info("waiting for a helper that works on the data", "container", h.Name)
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

// removeUnstarted removes a helper that was not started, if there is another that tells
// the next operation to put the data in order.
func (d *Store) removeUnstarted(ctx context.Context, self string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	helpers, err := d.helpers(ctx)
	if err != nil || !slices.ContainsFunc(helpers, func(h engine.Helper) bool { return h.Writes && h.ID != self }) {
		return err
	}
	return d.remove(ctx, self)
}
