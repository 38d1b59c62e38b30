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

// ErrChanged tells that the data changed while they were read, so that the
// engine's archive of them is not whole.
var ErrChanged = errors.New("the data changed while they were read")

// Source is what a backup is made of.
type Source struct {
	// Archive is an archive of the volume as an engine gives it: each path begins
	// with the name of the directory that the volume is mounted at.
	// It is nil where there is no volume.
	Archive io.Reader
	// Extra is what is added; it can be nil.
	Extra *Extra
	// Root is where the runtime has the volume.
	Root string
	// Runtime and Made are noted in the backup.
	Runtime string
	Made    time.Time
	// Progress is told how many bytes are written, not compressed.
	Progress func(bytes int64)
}

// Omitted tells what of a volume is not in the backup as it is.
type Omitted struct {
	// Special counts pipes, sockets and devices.
	Special int
	// Relinked counts relative links out of the volume, which became absolute.
	Relinked int
	// Extra counts the files of [Source.Beside] that are in the backup.
	Extra int64
}

// Write writes a backup. What a Jupyter server wrote about itself is left out,
// because it holds tokens.
func Write(w io.Writer, s Source) (Contents, Omitted, error) {
	var left Omitted
	packed := &counter{to: w}
	z, err := zstd.NewWriter(packed, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true))
	if err != nil {
		return Contents{}, left, err
	}
	sum := sha256.New()
	unpacked := &counter{to: io.MultiWriter(z, sum), tell: s.Progress}
	out := tar.NewWriter(unpacked)
	seen := newEntries()
	if s.Archive == nil {
		err = s.copy(out, seen, &left, &tar.Header{Typeflag: tar.TypeDir, Name: ".", Mode: 0o755, Uid: s.Extra.UID, Gid: s.Extra.GID, ModTime: s.Made}, nil)
	} else {
		err = s.each(func(h *tar.Header, content io.Reader) error {
			return s.copy(out, seen, &left, h, content)
		})
	}
	if err == nil && s.Extra != nil {
		b := &extras{Source: s, out: out, seen: seen, remaining: &left, moved: map[string]string{}}
		err = s.Extra.Each(b.add)
		left.Extra = b.files
	}
	if err := errors.Join(err, out.Close(), z.Close()); err != nil {
		return Contents{}, left, err
	}
	c := Contents{Runtime: s.Runtime, Made: s.Made.UTC().Truncate(time.Second), Entries: seen.count, Bytes: unpacked.n, sum: hex.EncodeToString(sum.Sum(nil))}
	frame, err := c.frame()
	if err != nil {
		return c, left, err
	}
	_, err = packed.Write(frame)
	c.Size = packed.n
	return c, left, err
}

// each calls do for each entry of the engine's archive, with its path in the
// volume. An engine that fails halfway ends the archive as if nothing were wrong,
// so the end is looked at: it is two blocks of zeros.
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

// relativePath takes the first directory off a path.
func relativePath(name string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(name, "/"), "/")
	if rest == "" {
		return "."
	}
	return rest
}

// copy writes one entry, unless it is one that is left out.
func (s Source) copy(out *tar.Writer, seen *entries, left *Omitted, h *tar.Header, content io.Reader) error {
	name := strings.TrimSuffix(h.Name, "/")
	switch {
	case name == Staging, strings.HasPrefix(name, Staging+"/"), aboutServer(name):
		return nil
	case h.Typeflag == tar.TypeChar, h.Typeflag == tar.TypeBlock, h.Typeflag == tar.TypeFifo:
		left.Special++
		return nil
	case h.Typeflag == tar.TypeLink && seen.of(strings.TrimSuffix(h.Linkname, "/")) == 0:
		return nil // another name of what is left out
	case h.Typeflag == tar.TypeSymlink && escapes(name, h.Linkname):
		h.Linkname = path.Join(s.Root, path.Dir(name), h.Linkname)
		left.Relinked++
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
	// keptToken is where our settings keep the token of a server that is to have
	// the same one at each start (internal/colab/server/settings.py).
	keptToken = ".local/share/jupyter/colab-tray-token"
)

var serverFile = regexp.MustCompile(`(^|/)(nb|jp)server-[0-9]+(\.json|-open\.html)$`)

// aboutServer reports whether a file tells of a server that runs or ran, or has
// its token.
func aboutServer(name string) bool {
	return strings.HasPrefix(name, runtimeDir) || name == keptToken || serverFile.MatchString(name)
}

// counter counts what is written.
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

// tailChecker keeps the end of what was read.
type tailChecker struct {
	from io.Reader
	last []byte
}

const endMark = 2 * 512

func (e *tailChecker) Read(p []byte) (int, error) {
	n, err := e.from.Read(p)
	e.last = append(e.last, p[max(0, n-endMark):n]...)
	e.last = append(e.last[:0], e.last[max(0, len(e.last)-endMark):]...)
	return n, err
}

func (e *tailChecker) atEnd() bool { return bytes.Equal(e.last, make([]byte, endMark)) }

// summed hashes and counts what is read.
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
