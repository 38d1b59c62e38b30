package data

import (
	"archive/tar"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"colabtray/internal/backup"
	"colabtray/internal/config"
	"colabtray/internal/engine"
	"colabtray/internal/i18n"
)

// copyScript moves the staged files to a folder of the volume, in a helper. A file takes
// the place of a file, and folders become one. Nothing is moved where a folder is in the
// place of a file, or a file or link in that of a folder. Each file is moved as a whole.
// [script] removes what is left of the staged files when it is interrupted.
//
//	$1  the root of the volume
//	$2  the folder of the staged files
//	$3  the folder that they go to
//
// The exit code is 6 when the kinds do not match; it then prints the path.
const copyScript = `
LC_ALL=C; export LC_ALL
cd "$1" && [ -d "./$2" ] && [ -d "./$3" ] || exit 1

exists() { [ -e "$1" ] || [ -L "$1" ]; }
directory() { [ -d "$1" ] && ! [ -L "$1" ]; }

check() { # from, to
	for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		exists "$f" && exists "$2/${f##*/}" || continue
		if directory "$f" && directory "$2/${f##*/}"; then
			check "$f" "$2/${f##*/}"
		elif directory "$f" || [ -d "$2/${f##*/}" ]; then
			printf '%s\n' "$2/${f##*/}"
			exit 6
		fi
	done
}

merge() { # from, to
	for f in "$1"/* "$1"/.[!.]* "$1"/..?*; do
		exists "$f" || continue
		if directory "$f" && directory "$2/${f##*/}"; then
			merge "$f" "$2/${f##*/}" || return 1
		else
			mv -f -- "$f" "$2/" || return 1
		fi
	done
}

check "./$2" "./$3"
merge "./$2" "./$3" || exit 1
sync
rm -rf .colab-tray-restore
`

// copyMismatch is the exit code of copyScript when a file would take the place of a
// folder, or the other way round.
const copyMismatch = 6

// Each calls add for all that is copied into a volume, folders before what is in them.
// The names are relative to the folder that it goes to. add reads as many bytes of the
// content as the header says.
type Each func(add func(h *tar.Header, content io.Reader) error) error

// CopyIn copies a file or folder of this computer into the volume. It belongs to
// Jupyter's user there. Nothing is in its place before all of it was copied. The caller
// must hold the lock.
func (d *Store) CopyIn(ctx context.Context, o CopyOptions) (c Copied, err error) {
	if o.Host == "-" {
		return d.Put(ctx, o.Runtime, 0, eachOf(tar.NewReader(o.In)))
	}
	info, err := os.Lstat(o.Host)
	if err != nil {
		return c, hostProblem(o.Host, err)
	}
	slashed := filepath.ToSlash(o.Host)
	if info.Mode()&fs.ModeSymlink != 0 && (wantsContent(slashed) || strings.HasSuffix(slashed, "/")) {
		if info, err = os.Stat(o.Host); err != nil {
			return c, hostProblem(o.Host, err)
		}
	}
	full, err := filepath.Abs(o.Host)
	if err != nil {
		return c, hostProblem(o.Host, err)
	}
	s := source{name: filepath.Base(full), isDir: info.IsDir(), content: info.IsDir() && (wantsContent(slashed) || full == filepath.Dir(full))}
	return d.put(ctx, o.Runtime, func(to found) (target, error) { return s.target(to, o.Runtime) }, func(at target) (int64, Each) {
		h := &hostFiles{top: full, name: at.name}
		if resolved, err := filepath.EvalSymlinks(full); err == nil && info.IsDir() {
			h.top = resolved
		}
		return h.size(), h.each
	})
}

// Put copies files into a folder of the volume that exists. Total is their size; 0 when
// it is not known.
func (d *Store) Put(ctx context.Context, folder string, total int64, files Each) (Copied, error) {
	return d.put(ctx, folder, func(to found) (target, error) {
		if !to.isDir {
			return target{}, noFileProblem(folder)
		}
		return target{dir: to.dir}, nil
	}, func(target) (int64, Each) { return total, files })
}

func (d *Store) put(ctx context.Context, name string, decide func(found) (target, error), files func(target) (int64, Each)) (c Copied, err error) {
	if err := d.RecoverInterrupted(ctx); err != nil {
		return c, err
	}
	p, err := d.place(ctx)
	if err != nil {
		return c, err
	}
	rel, err := p.inVolume(d.Profile, name)
	if err != nil {
		return c, err
	}
	l, err := d.look(ctx, name, rel)
	if err != nil {
		return c, err
	}
	at, err := decide(found{
		exists: l.entry.Kind != "", isDir: l.isDir, dir: l.folder, parent: l.parent, base: l.base,
		slash: strings.HasSuffix(name, "/") || wantsContent(name),
	})
	if err != nil {
		return c, err
	}
	if isOurs(path.Join(at.dir, at.name)) {
		return c, outsideVolumeProblem(d.Profile, name, p.mounts)
	}
	s := &staged{account: p.account, dir: path.Join(backup.Staging, "copy-"+rand.Text()[:8]), report: d.progressFor(StepCopy)}
	if p.account == (engine.Account{}) && l.isDir {
		s.account.UID, s.account.GID = l.entry.uid, l.entry.gid
	}
	total, each := files(at)
	s.total = total
	err = d.runCommand(ctx, []string{"sh", "-c", copyScript, "sh", engine.HelperDataDir, s.dir, at.dir}, func(id string) error {
		return d.unpack(ctx, id, s, each)
	})
	if err != nil {
		undoErr := d.recover(context.WithoutCancel(ctx))
		if undoErr != nil && !errors.Is(undoErr, errOldData) {
			return c, errors.Join(err, undoErr) // the next operation recovers and removes the helpers
		}
	}
	s.copied.To = path.Join(p.mounts[0], at.dir, at.name)
	return s.copied, errors.Join(err, d.removeHelpers(ctx))
}

// unpack stages files beside the data.
func (d *Store) unpack(ctx context.Context, helper string, s *staged, each Each) error {
	volumes, err := engine.Need[engine.Volumes](d.Engine)
	if err != nil {
		return err
	}
	r, w := io.Pipe()
	packed := make(chan error, 1)
	go func() {
		s.out = tar.NewWriter(w)
		err := s.open()
		if err == nil {
			err = each(func(h *tar.Header, content io.Reader) error {
				if err := ctx.Err(); err != nil {
					return err
				}
				return s.add(h, content)
			})
		}
		if err == nil {
			err = s.out.Close()
		}
		w.CloseWithError(err)
		packed <- err
	}()
	err = volumes.Unpack(ctx, helper, engine.HelperDataDir, r)
	_ = r.CloseWithError(errStop)
	if packErr := <-packed; packErr != nil && !errors.Is(packErr, errStop) {
		return packErr
	}
	return err
}

// staged packs files for a volume.
type staged struct {
	out     *tar.Writer
	account engine.Account
	dir     string
	copied  Copied
	total   int64
	report  func(bytes, total int64)
}

// open makes the directories that are removed with the staged files.
func (s *staged) open() error {
	for _, dir := range []string{path.Dir(s.dir), s.dir} {
		if err := s.out.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o700}); err != nil {
			return err
		}
	}
	return nil
}

func (s *staged) add(h *tar.Header, content io.Reader) error {
	name := path.Clean(h.Name)
	if name == "." {
		return nil
	}
	if path.IsAbs(h.Name) || name == ".." || strings.HasPrefix(name, "../") || strings.ContainsRune(name, 0) {
		return badEntryProblem(h.Name)
	}
	entry := tar.Header{
		Typeflag: h.Typeflag, Name: path.Join(s.dir, name), Mode: h.Mode & 0o777, Uid: s.account.UID, Gid: s.account.GID,
		ModTime: h.ModTime, Format: tar.FormatPAX,
	}
	switch h.Typeflag {
	case tar.TypeDir:
		entry.Name += "/"
	case tar.TypeReg:
		entry.Size = h.Size
	case tar.TypeSymlink:
		entry.Linkname = h.Linkname
	case tar.TypeLink:
		old := path.Clean(h.Linkname)
		if path.IsAbs(old) || old == ".." || strings.HasPrefix(old, "../") {
			return badEntryProblem(h.Linkname)
		}
		entry.Linkname = path.Join(s.dir, old)
	default:
		s.copied.Special++
		return nil
	}
	if h.Typeflag != tar.TypeDir {
		s.copied.Files++
	}
	if err := s.out.WriteHeader(&entry); err != nil || entry.Size == 0 {
		return err
	}
	n, err := io.CopyN(s.out, reporting{content, s}, entry.Size)
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("%w: %d of %d bytes", shortFileProblem(h.Name), n, entry.Size)
	}
	return err
}

// reporting reports what is read as progress.
type reporting struct {
	from io.Reader
	s    *staged
}

func (r reporting) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	r.s.copied.Bytes += int64(n)
	r.s.report(r.s.copied.Bytes, r.s.total)
	return n, err
}

// eachOf returns what is in a tar archive.
func eachOf(in *tar.Reader) Each {
	return func(add func(h *tar.Header, content io.Reader) error) error {
		for {
			h, err := in.Next()
			switch {
			case errors.Is(err, io.EOF):
				return nil
			case err != nil:
				return badArchiveProblem(err)
			case backup.IsSparse(h):
				return badEntryProblem(h.Name)
			}
			if err := add(h, in); err != nil {
				return err
			}
		}
	}
}

// hostFiles is a file or folder of this computer.
type hostFiles struct {
	top   string
	name  string // of the copy; empty for the content of the folder
	links map[fileID]string
}

// size returns the size of all files; it is for the progress alone.
func (f *hostFiles) size() (total int64) {
	_ = filepath.WalkDir(f.top, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			if info, err := e.Info(); err == nil {
				total += info.Size()
			}
		}
		return nil
	})
	return total
}

func (f *hostFiles) each(add func(h *tar.Header, content io.Reader) error) error {
	f.links = map[fileID]string{}
	return filepath.WalkDir(f.top, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return hostProblem(name, err)
		}
		rel, err := filepath.Rel(f.top, name)
		if err != nil {
			return hostProblem(name, err)
		}
		info, err := e.Info()
		if err != nil {
			return hostProblem(name, err)
		}
		target := ""
		if info.Mode()&fs.ModeSymlink != 0 {
			if target, err = os.Readlink(name); err != nil {
				return hostProblem(name, err)
			}
		}
		h := &tar.Header{Typeflag: tar.TypeFifo} // which is left out, as sockets are, which have no header
		if info.Mode()&fs.ModeSocket == 0 {
			if h, err = tar.FileInfoHeader(info, filepath.ToSlash(target)); err != nil {
				return hostProblem(name, err)
			}
		}
		h.Name = path.Join(f.name, filepath.ToSlash(rel))
		if !info.Mode().IsRegular() {
			return add(h, nil)
		}
		return f.file(name, h, info, add)
	})
}

func (f *hostFiles) file(name string, h *tar.Header, info fs.FileInfo, add func(h *tar.Header, content io.Reader) error) error {
	if id, several := idOf(info); several {
		if first := f.links[id]; first != "" {
			h.Typeflag, h.Linkname, h.Size = tar.TypeLink, first, 0
			return add(h, nil)
		}
		f.links[id] = h.Name
	}
	file, err := config.OpenRegular(name)
	if err != nil {
		return hostProblem(name, err)
	}
	defer file.Close()
	return add(h, file)
}

// mismatchOf makes a problem of what copyScript printed.
func mismatchOf(output string) error {
	return mismatchProblem(i18n.Line(strings.TrimPrefix(output, "./")))
}
