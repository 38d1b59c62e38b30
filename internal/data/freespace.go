package data

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/backup"
	"colabtray/internal/engine"
)

// checkFreeSpace makes sure that the disk of the volume has room for the content of a
// backup, beside the data. Where that cannot be found out, it is tried.
func (d *Store) checkFreeSpace(ctx context.Context, from backup.Contents) error {
	free, err := d.freeBytes(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.Log.Warn("how much room there is for the data is not known", "error", err)
		return nil
	}
	if free < from.RequiredSpace() {
		return noSpaceProblem(d.Profile, from.RequiredSpace(), free, d.Info().Command)
	}
	return nil
}

// freeBytes returns how many bytes are free where the volume is, as a helper sees it,
// of the first image that can tell.
func (d *Store) freeBytes(ctx context.Context) (bytes int64, err error) {
	err = d.tryImages(ctx, func(image string) (err error) {
		bytes, err = d.freeBy(ctx, image)
		return err
	})
	return bytes, errors.Join(err, d.removeHelpers(ctx))
}

func (d *Store) freeBy(ctx context.Context, image string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, engine.RequestTimeout)
	defer cancel()
	id, err := d.create(ctx, engine.HelperSpec{Image: image, Cmd: []string{"df", "-Pk", engine.HelperDataDir}, Volume: d.Profile.Volume()})
	if err != nil {
		return 0, err
	}
	if err := d.start(ctx, id); err != nil {
		return 0, err
	}
	if err := d.Engine.Wait(ctx, id); err != nil {
		return 0, err
	}
	return availableIn(engine.LastLines(ctx, d.Engine, engine.Container{ID: id, StartedAt: time.Unix(1, 0)}, 1))
}

// availableIn reads the output of df -Pk, whose last columns are the free
// kibibytes, the part that is used, and where it is mounted.
func availableIn(lines []string) (bytes int64, err error) {
	words := strings.Fields(strings.Join(lines, " "))
	if len(words) < 3 {
		return 0, errors.New("df tells nothing")
	}
	kibibytes, err := strconv.ParseUint(words[len(words)-3], 10, 50)
	return int64(kibibytes) << 10, err
}
