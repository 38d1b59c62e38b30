package data

import (
	"context"
	"errors"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"colabtray/internal/config"
	"colabtray/internal/problem"
)

const (
	// lockPatience is how long to wait for the lock: a list of files has it for a
	// second. Whoever waits looks again so often.
	lockPatience = 10 * time.Second
	lockAgain    = 50 * time.Millisecond
)

// Lock keeps other programs, and other work of this program, away from the data until
// release is called. It waits for other work, as long as that is short. The lock ends
// with the process, however the process ends. So helpers that exist when Lock succeeds
// are left over from an interrupted program.
func (d *Store) Lock(ctx context.Context) (release func(), err error) {
	return d.untilFree(ctx, d.tryLock)
}

// Share is [Store.Lock] for work that only reads, in this and in other programs: it keeps
// away only those who want the data for themselves. What an interrupted program left behind
// is removed before, unless others read already. Helpers can be those of others then.
func (d *Store) Share(ctx context.Context) (release func(), err error) {
	return d.untilFree(ctx, func() (func(), error) { return d.tryShare(ctx) })
}

// IsBusy reports whether somebody works on the data, in this or another program. Who only
// reads them does not count.
func (d *Store) IsBusy() bool {
	release, err := d.tryFile(lockFile, (*flock.Flock).TryRLock)
	if err == nil {
		release()
	}
	return isBusy(err)
}

// LockBackup keeps others from making a backup, of which one is made at a time. It does not
// wait.
func (d *Store) LockBackup() (release func(), err error) {
	return d.tryFile("+backup.lock", (*flock.Flock).TryLock)
}

// untilFree tries to lock until that succeeds, or fails in another way than by work of others.
func (d *Store) untilFree(ctx context.Context, try func() (func(), error)) (release func(), err error) {
	for end := time.Now().Add(d.LockPatience); ; {
		release, err = try()
		if !isBusy(err) || time.Now().After(end) {
			return release, err
		}
		select {
		case <-time.After(lockAgain):
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func isBusy(err error) bool {
	p, is := errors.AsType[*problem.Problem](err)
	return is && p.Code == problem.Busy
}

// The two files of the lock. Who works on the data has both. Who reads shares the second
// one, and takes it while having the first.
const (
	lockFile    = ".lock"
	readersFile = "+readers.lock" // no runtime has a name with a plus
)

func (d *Store) tryLock() (release func(), err error) {
	others, err := d.tryFile(lockFile, (*flock.Flock).TryLock)
	if err != nil {
		return nil, err
	}
	readers, err := d.tryFile(readersFile, (*flock.Flock).TryLock)
	if err != nil {
		others()
		return nil, err
	}
	d.removeParts()
	return func() { readers(); others() }, nil
}

func (d *Store) tryShare(ctx context.Context) (release func(), err error) {
	others, err := d.tryFile(lockFile, (*flock.Flock).TryLock)
	if err != nil {
		return nil, err
	}
	defer others()
	alone, err := d.tryFile(readersFile, (*flock.Flock).TryLock)
	switch {
	case err == nil:
		d.removeParts()
		err = d.RecoverInterrupted(ctx)
		alone()
		if err != nil {
			return nil, err
		}
	case !isBusy(err): // the engine is not asked beside others: it can make that wait for what they read
		return nil, err
	}
	return d.tryFile(readersFile, (*flock.Flock).TryRLock)
}

// tryFile locks a file of the runtime's, whose name ends so, in one of the two ways.
func (d *Store) tryFile(end string, try func(*flock.Flock) (bool, error)) (release func(), err error) {
	if err := config.EnsurePrivateDir(d.Dir); err != nil {
		return nil, backupDirProblem(d.Dir, err)
	}
	lock := flock.New(filepath.Join(d.Dir, nameOf(d.Profile)+end))
	locked, err := try(lock)
	switch {
	case err != nil:
		_ = lock.Close()
		return nil, backupDirProblem(d.Dir, err)
	case !locked:
		_ = lock.Close()
		return nil, BusyProblem(d.Profile)
	}
	return func() { _ = lock.Close() }, nil
}
