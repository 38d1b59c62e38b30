package backup

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"path"
	"regexp"
	"strings"
	"time"

	"colabtray/internal/i18n"

	"github.com/klauspost/compress/zstd"
)

// ErrChanged is the error that the data has changed while it was read, so that the
// engine's archive is incomplete.
var ErrChanged = errors.New("the data changed while they were read")

// Source is the source of a backup.
type Source struct {
	// Archive is a tar archive of the volume from the engine. Each path begins with
	// the name of the directory where the volume is mounted. It is nil if there is
	// no volume; then Extra must not be nil.
	Archive io.Reader
	// Extra has additional files; it can be nil.
	Extra *Extra
	// Root is the directory where the runtime mounts the volume.
	Root string
	// Runtime and Made are stored in the backup: see [Contents].
	Runtime string
	Made    time.Time
	// Progress is called with the number of uncompressed bytes that were written; it
	// can be nil.
	Progress func(bytes int64)
}

// Omitted counts the differences between a volume and its backup.
type Omitted struct {
	// Special counts pipes, sockets and devices, which are not in the backup.
	Special int
	// Relinked counts relative links out of the volume, which are absolute in the
	// backup.
	Relinked int
	// Extra counts the files from [Source.Extra].
	Extra int64
}

// Write writes a backup. It leaves out the files in which a Jupyter server describes
// itself, because they contain tokens.
func Write(w io.Writer, s Source) (Contents, Omitted, error) {
	var omitted Omitted
	packed := &counter{to: w}
	z, err := zstd.NewWriter(packed, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return Contents{}, omitted, err
	}
	sum := sha256.New()
	unpacked := &counter{to: io.MultiWriter(z, sum), tell: s.Progress}
	out := tar.NewWriter(unpacked)
	seen := newEntries()
	if s.Archive == nil {
		err = s.copy(out, seen, &omitted, &tar.Header{Typeflag: tar.TypeDir, Name: ".", Mode: 0o755, Uid: s.Extra.UID, Gid: s.Extra.GID, ModTime: s.Made}, nil)
	} else {
		err = s.each(func(h *tar.Header, content io.Reader) error {
			return s.copy(out, seen, &omitted, h, content)
		})
	}
	if err == nil && s.Extra != nil {
		b := &extras{Source: s, out: out, seen: seen, omitted: &omitted, moved: map[string]string{}}
		err = s.Extra.Each(b.add)
		omitted.Extra = b.files
	}
	if err := errors.Join(err, out.Close(), z.Close()); err != nil {
		return Contents{}, omitted, err
	}
	c := Contents{Runtime: s.Runtime, Made: s.Made.UTC().Truncate(time.Second), Entries: seen.count, Bytes: unpacked.n, sum: hex.EncodeToString(sum.Sum(nil))}
	frame, err := c.frame()
	if err != nil {
		return c, omitted, err
	}
	_, err = packed.Write(frame)
	c.Size = packed.n
	return c, omitted, err
}

// each calls do for each entry of the engine's archive, with its path in the volume.
// An engine that fails in between ends the stream without an error. So each also
// checks for the end of a complete archive, two blocks of zeros.
func (s Source) each(do func(*tar.Header, io.Reader) error) error {
	source := &tailChecker{from: s.Archive}
	in := tar.NewReader(source)
	for {
		h, err := in.Next()
		switch {
		case errors.Is(err, io.EOF) && source.atEnd():
			return nil
		case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, tar.ErrHeader):
			return fmt.Errorf("%w: %w", ErrChanged, err)
		case err != nil:
			return err
		}
		h.Name = relativePath(h.Name)
		if h.Typeflag == tar.TypeLink {
			h.Linkname = relativePath(h.Linkname)
		}
		if err := do(h, in); err != nil {
			return err
		}
	}
}

// relativePath removes the first directory from a path.
func relativePath(name string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	if rest == "" {
		return "."
	}
	return rest
}

// copy writes one entry, or counts it in omitted if a backup must not contain it.
func (s Source) copy(out *tar.Writer, seen *entries, omitted *Omitted, h *tar.Header, content io.Reader) error {
	name := strings.TrimSuffix(h.Name, "/")
	switch {
	case name == Staging, strings.HasPrefix(name, Staging+"/"), IsAboutServer(name):
		return nil
	case h.Typeflag == tar.TypeChar, h.Typeflag == tar.TypeBlock, h.Typeflag == tar.TypeFifo:
		omitted.Special++
		return nil
	case h.Typeflag == tar.TypeLink && seen.of(strings.TrimSuffix(h.Linkname, "/")) == 0:
		return nil // a hard link to a file that is left out
	case h.Typeflag == tar.TypeSymlink && escapes(name, h.Linkname):
		h.Linkname = path.Join(s.Root, path.Dir(name), h.Linkname)
		omitted.Relinked++
	}
	name, err := seen.add(h)
	if err != nil {
		return fmt.Errorf("%s: %w", i18n.T("backup.engineArchive"), err)
	}
	if err := out.WriteHeader(plain(h, name)); err != nil {
		return err
	}
	if h.Size == 0 {
		return nil
	}
	_, err = io.Copy(out, content)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: %w", ErrChanged, err)
	}
	return err
}

const (
	runtimeDir = ".local/share/jupyter/runtime/"
	// keptToken is the file in which our settings keep the token of a server that
	// uses the same token at each start (internal/colab/server/settings.py).
	keptToken = ".local/share/jupyter/colab-tray-token"
)

var serverFile = regexp.MustCompile(`(^|/)(nb|jp)server-[0-9]+(\.json|-open\.html)$`)

// IsAboutServer reports whether a file describes a running or earlier server, or contains
// its token.
func IsAboutServer(name string) bool {
	return strings.HasPrefix(name, runtimeDir) || name == keptToken || serverFile.MatchString(name)
}

// counter counts the bytes that are written.
type counter struct {
	to   io.Writer
	n    int64
	tell func(int64)
}

func (c *counter) Write(p []byte) (int, error) {
	n, err := c.to.Write(p)
	c.n += int64(n)
	if c.tell != nil {
		c.tell(c.n)
	}
	return n, err
}

// tailChecker keeps the last bytes that were read.
type tailChecker struct {
	from io.Reader
	last []byte
}

const endMark = 2 * 512 // length of a tar archive's end, in bytes

func (e *tailChecker) Read(p []byte) (int, error) {
	n, err := e.from.Read(p)
	e.last = append(e.last, p[max(0, n-endMark):n]...)
	e.last = append(e.last[:0], e.last[max(0, len(e.last)-endMark):]...)
	return n, err
}

// atEnd reports whether the last bytes are the end of a tar archive.
func (e *tailChecker) atEnd() bool { return bytes.Equal(e.last, make([]byte, endMark)) }

// summed hashes and counts the bytes that are read.
type summed struct {
	from io.Reader
	sum  hash.Hash
	n    int64
	tell func(int64)
}

func (s *summed) Read(p []byte) (int, error) {
	n, err := s.from.Read(p)
	s.sum.Write(p[:n])
	s.n += int64(n)
	if s.tell != nil {
		s.tell(s.n)
	}
	return n, err
}
