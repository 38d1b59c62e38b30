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

// checkFreeSpace returns an error when the disk of the volume has too little free space
// for the content of a backup beside the data. It returns nil when the free space
// cannot be determined.
func (d *Store) checkFreeSpace(ctx context.Context, from backup.Contents) error {
	free, err := d.freeBytes(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		d.Log.Warn("cannot determine the free space for the data", "error", err)
		return nil
	}
	if free < from.RequiredSpace() {
		return noSpaceProblem(d.Profile, from.RequiredSpace(), free, d.Info().Command)
	}
	return nil
}

// freeBytes returns the free space on the disk of the volume in bytes. A helper made
// from the first image that has df determines it.
func (d *Store) freeBytes(ctx context.Context) (bytes int64, err error) {
	err = d.tryImages(ctx, func(image string) (err error) {
		bytes, err = d.freeBy(ctx, image)
		return err
	})
	return bytes, errors.Join(err, d.removeHelpers(ctx))
}

// freeBy determines the free space with a helper made from an image.
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

// availableIn parses the output of df -Pk, whose last three columns are the free KiB,
// the percentage in use, and the mount point.
func availableIn(lines []string) (bytes int64, err error) {
	columns := strings.Fields(strings.Join(lines, " "))
	if len(columns) < 3 {
		return 0, errors.New("the output of df has too few columns")
	}
	kibibytes, err := strconv.ParseUint(columns[len(columns)-3], 10, 50)
	return int64(kibibytes) << 10, err
}
