package runtime

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/distribution/reference"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// An image whose place another takes is kept by a name of ours, or the engine
// would count it as garbage, and nothing would lead back to it:
//
//	working   what the image of the profile was, while another is being tried
//	previous  what it was before the one that it is
//
// The first is there from before an update begins until it is over. Whenever the
// program is killed meanwhile, the next operation finds it: a runtime that is
// made from the new image makes the other the previous one, and else the name of
// the image goes back to what worked.
const (
	keptWorking  = "working"
	keptPrevious = "previous"
)

// keptImageName is the name by which an image of the profile is kept. There is no
// registry at localhost, so nobody else can hand out an image of that name.
func keptImageName(as string, p config.Profile) string {
	sum := sha256.Sum256([]byte(fullName(p.Image)))
	return fmt.Sprintf("localhost/colab-tray/%s:%.100s-%x", as, p.Runtime, sum[:4])
}

// fullName returns the name of an image as engines understand it.
func fullName(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return reference.TagNameOnly(named).String()
}

// canMove reports whether the name of an image can come to mean another one. A
// digest or an ID always means the same.
func canMove(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	_, fixed := named.(reference.Digested)
	return !fixed
}

// update pulls the image anew, and replaces a container made from another one. An
// image that was made here cannot be pulled: it may have been made anew.
func (o *operation) update(ctx context.Context, c engine.Container) error {
	if !c.Exists {
		return engine.NoContainerProblem(o.profile, i18n.T("problem.noUpdateHint"))
	}
	var pullErr error
	changed, err := o.changeImage(ctx, c, func(ctx context.Context) error {
		if pullErr = o.pull(ctx); pullErr == nil {
			return nil
		}
		if image, err := o.engine.Image(ctx, o.profile.Image, ""); err != nil || !image.Local || ctx.Err() != nil {
			return pullErr
		}
		return nil
	})
	if err == nil && !changed && pullErr != nil {
		return localImageProblem(o.profile, pullErr)
	}
	return err
}

// revert goes back to the image from before the last update, which becomes the
// previous one.
func (o *operation) revert(ctx context.Context, c engine.Container) error {
	id, err := imageID(ctx, o.engine, keptImageName(keptPrevious, o.profile), "")
	if err != nil {
		return err
	}
	if id == "" || c.Exists && c.ImageID == id {
		return noPreviousProblem(o.profile)
	}
	_, err = o.changeImage(ctx, c, func(ctx context.Context) error { return o.tag(ctx, id, o.profile.Image) })
	return err
}

// changeImage has the image's name mean another image, and replaces a container
// made from the one before, or in another way; changed tells that it was. When that
// does not work, both are as they were.
func (o *operation) changeImage(ctx context.Context, c engine.Container, change func(context.Context) error) (changed bool, err error) {
	if c.Exists && !c.Ours() {
		return false, engine.HandmadeProblem(c, o.info.Command)
	}
	before, err := o.keepWorking(ctx, c)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, o.finishImageTrial(ctx)) }()
	if err := change(ctx); err != nil {
		return false, err
	}
	id, err := imageID(ctx, o.engine, o.profile.Image, o.profile.Platform)
	switch {
	case err != nil:
		return false, err
	case !c.Exists && before != "" && before != id:
		return true, o.tag(ctx, before, keptImageName(keptPrevious, o.profile))
	case !c.Exists || c.ImageID == id && !o.outdated(ctx, c):
		return false, nil
	}
	return true, o.recreate(ctx, c, i18n.T("problem.rolledBackImage"))
}

// keepWorking keeps the image that is about to be replaced, and returns its ID.
// Where there is no container, nothing can prove that another works.
func (o *operation) keepWorking(ctx context.Context, c engine.Container) (id string, err error) {
	if !canMove(o.profile.Image) {
		return "", nil
	}
	if c.Exists && fullName(c.Image) == fullName(o.profile.Image) {
		if id, err = imageID(ctx, o.engine, c.ImageID, ""); err != nil {
			return "", err
		}
	}
	if id == "" {
		if id, err = imageID(ctx, o.engine, o.profile.Image, ""); err != nil {
			return "", err
		}
	}
	if id != "" && c.Exists {
		err = o.tag(ctx, id, keptImageName(keptWorking, o.profile))
	}
	return id, err
}

// finishImageTrial ends the trial of an image: it has proved itself when the runtime
// is made from it and no other container is in reserve. It goes on when ctx has
// ended, for a while.
func (o *operation) finishImageTrial(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), engine.CleanupTimeout)
	defer cancel()
	working, err := imageID(ctx, o.engine, keptImageName(keptWorking, o.profile), "")
	if err != nil || working == "" {
		return err
	}
	now, err := imageID(ctx, o.engine, o.profile.Image, "")
	if err != nil {
		return err
	}
	if now != working {
		c, err := o.engine.Inspect(ctx, o.profile.Runtime)
		if err != nil {
			return err
		}
		name := o.profile.Image
		if c.Ours() && c.ImageID == now {
			name = keptImageName(keptPrevious, o.profile)
		}
		if err := o.tag(ctx, working, name); err != nil {
			return err
		}
	}
	return untag(ctx, o.engine, keptImageName(keptWorking, o.profile))
}

// describeFailure says what did not work when a container made from changed settings does
// not: the image may be another one, too, when somebody else pulled it.
func (o *operation) describeFailure(ctx context.Context, old engine.Container) string {
	id, err := imageID(ctx, o.engine, o.profile.Image, o.profile.Platform)
	if err == nil && id != "" && id != old.ImageID && fullName(old.Image) == fullName(o.profile.Image) {
		return i18n.T("problem.rolledBackEither")
	}
	return i18n.T("problem.rolledBackSettings")
}

// imageID returns the ID of an image, empty when it is not there.
func imageID(ctx context.Context, e engine.Engine, image, platform string) (string, error) {
	found, err := e.Image(ctx, image, platform)
	return found.ID, err
}

func (o *operation) tag(ctx context.Context, id, name string) error {
	tagger, err := engine.Need[engine.Tagger](o.engine)
	if err != nil {
		return err
	}
	return tagger.Tag(ctx, id, name)
}

func untag(ctx context.Context, e engine.Engine, name string) error {
	tagger, err := engine.Need[engine.Tagger](e)
	if err != nil {
		return err
	}
	return tagger.Untag(ctx, name)
}

// hasPrevious reports whether there is an image to go back to.
func hasPrevious(ctx context.Context, e engine.Engine, p config.Profile, c engine.Container) bool {
	if c.Exists && !c.Ours() {
		return false
	}
	id, err := imageID(ctx, e, keptImageName(keptPrevious, p), "")
	if err != nil || id == "" {
		return false
	}
	now, err := imageID(ctx, e, p.Image, "")
	return err == nil && id != cmp.Or(c.ImageID, now)
}

// RemovePrevious removes the image from before the last update. It returns a
// *[Problem] when there is none, or when that fails.
func (m *Manager) RemovePrevious(ctx context.Context) error {
	if err := m.reachable(ctx); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	name := keptImageName(keptPrevious, m.Profile())
	id, err := imageID(ctx, m.engine(), name, "")
	if err == nil && id == "" {
		return noPreviousProblem(m.Profile())
	}
	if err == nil {
		err = untag(ctx, m.engine(), name)
	}
	if err != nil {
		return engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	return nil
}
