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

// Tags of our own keep an image when the name of the profile's image moves to another
// one. Without a tag the engine would count the old image as garbage, and nothing
// would lead back to it.
//
//	working   the old image while an update tries the new one
//	previous  the image before the last update
//
// The tag working exists from before an update begins until it has ended. If the
// program is killed meanwhile, the next operation finds the tag. If the runtime was
// created from the new image, the operation tags the old image as previous. Else it
// moves the name of the image back to the old image.
const (
	keptWorking  = "working"
	keptPrevious = "previous"
)

// keptImageName returns the tag that keeps an image of the profile. The registry is
// localhost, where there is none, so that nobody else can provide an image with
// that name.
func keptImageName(as string, p config.Profile) string {
	sum := sha256.Sum256([]byte(fullName(p.Image)))
	return fmt.Sprintf("localhost/colab-tray/%s:%.100s-%x", as, p.Runtime, sum[:4])
}

// fullName returns the full reference of an image, with registry and tag, as engines
// read a short one.
func fullName(image string) string {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return image
	}
	return reference.TagNameOnly(named).String()
}

// canMove reports whether the reference of an image can come to mean another image. A
// digest or an ID always means the same image.
func canMove(image string) bool {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return false
	}
	_, hasDigest := named.(reference.Digested)
	return !hasDigest
}

// update pulls the image, and replaces the container if it was created from another
// image. An image that was built on this computer cannot be pulled, but it may have
// been built again.
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

// revert goes back to the image before the last update. The current image becomes the
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

// changeImage calls change, which makes the image's name mean another image. Then it
// replaces a container that was created from the old image or from other settings,
// and reports whether the runtime has changed. After an error the name and the
// container are as they were.
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

// keepWorking tags the image that is about to be replaced as working, and returns its
// ID. Without a container it sets no tag, because no run can show whether the new
// image works.
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

// finishImageTrial removes the tag working. If the runtime was created from the new
// image, the old image becomes the previous one; else the image's name moves back
// to the old image. It must not be called while an old container is in reserve. It
// ignores the end of ctx, and takes at most [engine.CleanupTimeout].
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

// describeFailure returns the short line of the problem that a container with changed
// settings does not work. The image can have changed as well, if another program
// has pulled it.
func (o *operation) describeFailure(ctx context.Context, old engine.Container) string {
	id, err := imageID(ctx, o.engine, o.profile.Image, o.profile.Platform)
	if err == nil && id != "" && id != old.ImageID && fullName(old.Image) == fullName(o.profile.Image) {
		return i18n.T("problem.rolledBackEither")
	}
	return i18n.T("problem.rolledBackSettings")
}

// imageID returns the ID of an image, empty if the engine does not have the image.
func imageID(ctx context.Context, e engine.Engine, image, platform string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
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

// RemovePrevious removes the image before the last update. It returns a
// *[problem.Problem] if there is no such image, or if that fails.
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
