package backup

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"path"

	"colabtray/internal/i18n"

	"github.com/klauspost/compress/zstd"
)

// Limits of a backup that is not said to be large. A file of a few kilobytes can
// contain more than a disk can hold. An archive of up to largeBytes may have any
// compression ratio.
const (
	largeBytes   = 1 << 30 // of the uncompressed archive
	largeRatio   = 200     // uncompressed to compressed
	largeEntries = 5_000_000
	maxWindow    = 64 << 20 // bytes of memory to decompress, for every backup
)

// CheckOptions configure [Check].
type CheckOptions struct {
	// Large accepts a backup that is more than 1 GiB and 200 times as large as its
	// file, or has more than five million entries.
	Large bool
	// Progress is called with the number of uncompressed bytes that were read; it
	// can be nil.
	Progress func(bytes, total int64)
}

// Check reads a whole file of the given size in bytes. It returns a *[Refused] if the
// file is not a backup that may be restored.
func Check(f io.ReaderAt, size int64, o CheckOptions) (Contents, error) {
	c, packed, err := readTrailer(f, size)
	if err != nil {
		return c, err
	}
	if !o.Large && (c.Bytes > largeBytes && c.Bytes/largeRatio > packed || c.Entries > largeEntries) {
		return c, &Refused{Large: true, Why: i18n.T("backup.veryLarge", "entries", c.Entries, "unpacked", c.Bytes>>30, "packed", (packed+1<<20-1)>>20)}
	}
	return c, read(f, packed, c, o.Progress, func(*tar.Header, string, io.Reader) error { return nil })
}

// Unpack reads a checked file again and writes a tar archive of its entries, with
// their paths below a directory. c is what [Check] returned. If the file has changed
// since then, Unpack returns a *[Refused] before it ends the archive. progress can
// be nil.
func Unpack(w io.Writer, f io.ReaderAt, c Contents, directory string, progress func(bytes, total int64)) error {
	again, packed, err := readTrailer(f, c.Size)
	var refused *Refused
	if errors.As(err, &refused) || err == nil && again != c {
		return swapped()
	}
	if err != nil {
		return err
	}
	out := tar.NewWriter(w)
	err = read(f, packed, c, progress, func(h *tar.Header, name string, content io.Reader) error {
		entry := plain(h, path.Join(directory, name))
		if h.Typeflag == tar.TypeLink {
			target, _ := relative(h.Linkname)
			entry.Linkname = path.Join(directory, target)
		}
		if err := out.WriteHeader(entry); err != nil {
			return err
		}
		_, err := io.Copy(out, content)
		return err
	})
	if errors.As(err, &refused) {
		return swapped()
	}
	if err != nil {
		return err
	}
	return out.Close()
}

// swapped is the error that a file has changed since it was checked.
func swapped() error { return &Refused{Why: i18n.T("backup.swapped")} }

// read reads the archive and calls do for each valid entry. It returns nil only if the
// archive is as the trailer describes it.
func read(f io.ReaderAt, packed int64, c Contents, progress func(bytes, total int64), do func(*tar.Header, string, io.Reader) error) error {
	from := &source{ReaderAt: f}
	z, err := zstd.NewReader(io.NewSectionReader(from, 0, packed),
		zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
	if err != nil {
		return err
	}
	defer z.Close()
	stream := &summed{from: &exactly{from: z, left: c.Bytes}, sum: sha256.New()}
	if progress != nil {
		stream.tell = func(n int64) { progress(n, c.Bytes) }
	}
	in := tar.NewReader(stream)
	seen := newEntries()
	for {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return from.asRefused(err)
		}
		name, err := seen.add(h)
		if err != nil {
			return err
		}
		if seen.bytes > c.Bytes || seen.count > c.Entries {
			return &Refused{Why: i18n.T("backup.holdsMore")}
		}
		if err := do(h, name, content{in, from}); err != nil {
			return err
		}
	}
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return from.asRefused(err)
	}
	switch {
	case stream.n != c.Bytes || seen.count != c.Entries:
		return &Refused{Why: i18n.T("backup.holdsLess")}
	case hex.EncodeToString(stream.sum.Sum(nil)) != c.sum:
		return &Refused{Why: i18n.T("backup.wrongSum")}
	}
	return nil
}

// asRefused converts a decoder's error to a *[Refused]. If the file could not be read,
// it returns that error instead.
func (s *source) asRefused(err error) error {
	var refused *Refused
	switch {
	case s.err != nil:
		return s.err
	case errors.As(err, &refused):
		return err
	case errors.Is(err, zstd.ErrCRCMismatch):
		return &Refused{Why: i18n.T("backup.wrongSum")}
	case errors.Is(err, zstd.ErrWindowSizeExceeded), errors.Is(err, zstd.ErrDecoderSizeExceeded):
		return &Refused{Why: i18n.T("backup.tooMuchMemory")}
	case errors.Is(err, io.ErrUnexpectedEOF):
		return &Refused{Why: i18n.T("backup.incomplete")}
	default:
		return &Refused{Why: i18n.T("backup.damaged", "cause", err)}
	}
}

// source keeps the error of reading a file, which decoders may hide.
type source struct {
	io.ReaderAt
	err error
}

func (s *source) ReadAt(p []byte, at int64) (int, error) {
	n, err := s.ReaderAt.ReadAt(p, at)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// content reads the content of an entry, with errors as asRefused returns them.
type content struct {
	from   io.Reader
	source *source
}

func (c content) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = c.source.asRefused(err)
	}
	return n, err
}

// exactly fails if a stream is longer than left bytes.
type exactly struct {
	from io.Reader
	left int64
}

func (e *exactly) Read(p []byte) (int, error) {
	n, err := e.from.Read(p)
	e.left -= int64(n)
	if e.left < 0 {
		return 0, &Refused{Why: i18n.T("backup.holdsMore")}
	}
	return n, err
}
