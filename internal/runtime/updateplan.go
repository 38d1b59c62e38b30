package runtime

import (
	"context"
	"errors"
	"slices"

	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// News tells what an update would find.
type News string

// What an update would find.
const (
	NewsNone    News = "none"    // the runtime is made from the newest image
	NewsNewer   News = "newer"   // the registry has another image; what is in it is known after a download
	NewsHere    News = "here"    // the engine already has a newer image of that name
	NewsFixed   News = "fixed"   // the settings name one image and no other, by its digest
	NewsUnknown News = "unknown" // only the update itself finds out
)

// UpdatePlan is what an update would change, as far as that is known without a download.
type UpdatePlan struct {
	// Image is the name of the image in the settings.
	Image string
	News  News
	// Now is the image that the runtime is made from. Next is the image that it would be
	// made from, if the engine has it, and Previous the one that an undo goes back to;
	// they have no ID otherwise.
	Now, Next, Previous engine.ImageInfo
	// Remote is the digest of the registry's image; empty if that is not known.
	Remote string
	// Why tells why Remote is not known; nil if nothing failed.
	Why *problem.Problem
}

// PlanUpdate returns what [Manager.Update] would change. It asks the registry for the
// digest of its image, and changes nothing. The error is a *[problem.Problem].
func (m *Manager) PlanUpdate(ctx context.Context) (UpdatePlan, error) {
	if err := m.reachable(ctx); err != nil {
		return UpdatePlan{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	p, err := planUpdate(ctx, m.engine(), m.link.Info(), m.Profile())
	var known *problem.Problem
	if err != nil && !errors.As(err, &known) {
		err = engine.OperationProblem(m.Profile(), m.link.Info(), err)
	}
	return p, err
}

func planUpdate(ctx context.Context, e engine.Engine, info engine.Info, p config.Profile) (plan UpdatePlan, err error) {
	if !info.Features.Update {
		return plan, engine.ErrLacks
	}
	c, err := e.Inspect(ctx, p.Runtime)
	switch {
	case err != nil:
		return plan, err
	case !c.Exists:
		return plan, engine.NoContainerProblem(p, i18n.T("problem.noUpdateHint"))
	case !c.Ours():
		return plan, engine.HandmadeProblem(c, info.Command)
	}
	plan.Image = p.Image
	if plan.Now, err = e.Image(ctx, c.ImageID, ""); err != nil {
		return plan, err
	}
	named, err := e.Image(ctx, p.Image, p.Platform)
	if err != nil {
		return plan, err
	}
	if hasPrevious(ctx, e, p, c) {
		if plan.Previous, err = e.Image(ctx, keptImageName(keptPrevious, p), ""); err != nil {
			return plan, err
		}
	}
	local := named.ID != "" && named.Local
	if canMove(p.Image) && !local {
		plan.Remote, err = remoteDigest(ctx, e, p.Image)
		if err != nil && !errors.Is(err, engine.ErrLacks) {
			plan.Why = engine.OperationProblem(p, info, err)
		}
	}
	elsewhere := named.ID != "" && named.ID != c.ImageID
	switch {
	case plan.Remote != "" && c.ImageID != named.ID && slices.Contains(named.Digests, plan.Remote):
		plan.News, plan.Next = NewsHere, named
	case plan.Remote != "" && slices.Contains(plan.Now.Digests, plan.Remote):
		plan.News = NewsNone
	case plan.Remote != "":
		plan.News = NewsNewer
	case elsewhere && (local || !canMove(p.Image)):
		plan.News, plan.Next = NewsHere, named
	case local:
		plan.News = NewsNone
	case !canMove(p.Image):
		plan.News = NewsFixed
	default:
		plan.News = NewsUnknown
	}
	return plan, nil
}

func remoteDigest(ctx context.Context, e engine.Engine, image string) (string, error) {
	remote, err := engine.Need[engine.RemoteImages](e)
	if err != nil {
		return "", err
	}
	return remote.RemoteDigest(ctx, image)
}
