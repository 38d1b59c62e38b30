package guide

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"compress/flate"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"colabtray/internal/data"
	"colabtray/internal/i18n"
	"colabtray/internal/problem"
)

// Files is what the guide needs of a runtime to show its files.
type Files interface {
	ListFiles(ctx context.Context, folder string) (data.Listing, error)
	ReadFile(ctx context.Context, name string, read func(data.Opened) error) error
	PutFiles(ctx context.Context, folder string, total int64, files data.Each) (data.Copied, error)
	DataFolder(ctx context.Context) (string, bool)
}

// Limits of transfers.
const (
	transferTime = time.Minute // to send or to read one piece
	maxManifest  = 1 << 20     // bytes
	maxUploads   = 10000       // files
	maxUnread    = 16 << 20    // bytes read of a refused upload, so that the browser reads why
)

// uploadPath is the path of the one request that has a body.
const uploadPath = "/files/upload"

// isUpload reports whether a request may have a body.
func isUpload(r *http.Request) bool {
	return r.Method == http.MethodPost && r.URL.Path == uploadPath && r.ContentLength > 0
}

func (s *session) handleFiles(mux *http.ServeMux) {
	mux.HandleFunc("GET /files", s.listFiles)
	mux.HandleFunc("GET /files/download", s.download)
	mux.HandleFunc("POST "+uploadPath, s.upload)
	mux.HandleFunc("POST /files/open", s.openDataFolder)
}

// shownFile is an entry of a folder as the page has it. A name can have any bytes, which
// text cannot, so that the page names files by Ref.
type shownFile struct {
	Name     string    `json:"name"`
	Ref      string    `json:"ref"`
	Kind     data.Kind `json:"kind"`
	Size     int64     `json:"size"`
	Modified time.Time `json:"modified"`
}

// refOf returns the path as the page has it, and pathOf the path of a request.
func refOf(name string) string { return base64.RawURLEncoding.EncodeToString([]byte(name)) }

func pathOf(r *http.Request) (string, bool) {
	name, err := base64.RawURLEncoding.DecodeString(r.URL.Query().Get("path"))
	if len(name) == 0 {
		return ".", err == nil
	}
	return string(name), err == nil
}

func (s *session) listFiles(w http.ResponseWriter, r *http.Request) {
	name, ok := pathOf(r)
	if !ok {
		http.Error(w, "path", http.StatusBadRequest)
		return
	}
	list, err := s.guide.Runtime.ListFiles(r.Context(), name)
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	files := []shownFile{}
	for _, e := range list.Entries {
		files = append(files, shownFile{i18n.Line(e.Name), refOf(path.Join(name, e.Name)), e.Kind, e.Size, e.Modified})
	}
	_, canOpen := s.guide.Runtime.DataFolder(r.Context())
	s.sendJSON(w, http.StatusOK, map[string]any{"files": files, "cut": list.Cut, "canOpen": canOpen && s.guide.OpenFolder != nil})
}

// sendProblem sends why something was not done.
func (s *session) sendProblem(w http.ResponseWriter, err error) {
	var p *problem.Problem
	if !errors.As(err, &p) {
		s.guide.Log.Warn("guide", "error", err)
		p = &problem.Problem{Short: i18n.T("guide.files.failed")}
	}
	s.sendJSON(w, http.StatusConflict, actionMessage{p.Short, p.Hint, p.Command})
}

func (s *session) sendJSON(w http.ResponseWriter, status int, value any) {
	text, err := i18n.JSON(value)
	if err != nil {
		http.Error(w, "JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write(text)
}

// download sends a file, or a folder as an archive. A browser that reads nothing for
// transferTime is cut off, because others wait for the files meanwhile.
func (s *session) download(w http.ResponseWriter, r *http.Request) {
	name, ok := pathOf(r)
	as := r.URL.Query().Get("as")
	if !ok || as != "" && as != "zip" && as != "tar" {
		http.Error(w, "path", http.StatusBadRequest)
		return
	}
	begun := false
	err := s.guide.Runtime.ReadFile(r.Context(), name, func(o data.Opened) error {
		if (o.Kind == data.KindFolder) == (as == "") || o.Kind == data.KindLink {
			return &problem.Problem{Code: problem.NotOffered, Short: i18n.T("guide.files.failed")}
		}
		begun = true
		head := w.Header()
		head.Set("Content-Type", "application/octet-stream")
		head.Set("Content-Disposition", attachment(o.Name, as))
		out := patientWriter{w, http.NewResponseController(w)}
		switch as {
		case "zip":
			return writeZip(r.Context(), out, o)
		case "tar":
			_, err := o.Tar(r.Context(), out)
			return err
		}
		_, err := o.Each(r.Context(), func(_ string, h *tar.Header, content io.Reader) error {
			head.Set("Content-Length", strconv.FormatInt(h.Size, 10))
			w.WriteHeader(http.StatusOK)
			_, err := io.Copy(out, content)
			return err
		})
		return err
	})
	switch {
	case err == nil:
	case begun:
		s.guide.Log.Debug("guide: download", "error", err)
		panic(http.ErrAbortHandler) // so that the browser does not take a part for the whole
	default:
		s.sendProblem(w, err)
	}
}

// attachment returns the header that has a browser save a file under its name, without
// what the name could do to a file system or a person's eyes.
func attachment(name, as string) string {
	name = strings.Map(func(r rune) rune {
		if r < ' ' || strings.ContainsRune(`/\:*?"<>|`, r) {
			return '_'
		}
		return r
	}, i18n.Line(name))
	if name = strings.Trim(name, ". "); name == "" {
		name = "files"
	}
	if as != "" {
		name += "." + as
	}
	return mime.FormatMediaType("attachment", map[string]string{"filename": name})
}

// writeZip writes a folder as a zip archive. A file with a second name becomes a link
// there, as zip has only one name for a file.
func writeZip(ctx context.Context, to io.Writer, o data.Opened) error {
	w := zip.NewWriter(to)
	w.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, flate.BestSpeed) })
	_, err := o.Each(ctx, func(name string, h *tar.Header, content io.Reader) error {
		entry := &zip.FileHeader{Name: path.Join(o.Name, name), Method: zip.Deflate, Modified: h.ModTime}
		entry.SetMode(h.FileInfo().Mode())
		switch h.Typeflag {
		case tar.TypeDir:
			entry.Name += "/"
			entry.Method = zip.Store
		case tar.TypeSymlink:
			content = strings.NewReader(h.Linkname)
		case tar.TypeLink:
			rel, err := filepath.Rel(path.Dir(path.Join("/", name)), path.Join("/", h.Linkname))
			if err != nil {
				return err
			}
			entry.SetMode(fs.ModeSymlink | 0o777)
			content = strings.NewReader(filepath.ToSlash(rel))
		}
		out, err := w.CreateHeader(entry)
		if err != nil || h.Typeflag == tar.TypeDir {
			return err
		}
		_, err = io.Copy(out, content)
		return err
	})
	return errors.Join(err, w.Close())
}

// patientWriter and patientReader give a browser transferTime for each piece.
type patientWriter struct {
	to      io.Writer
	control *http.ResponseController
}

func (w patientWriter) Write(p []byte) (int, error) {
	_ = w.control.SetWriteDeadline(time.Now().Add(transferTime))
	return w.to.Write(p)
}

type patientReader struct {
	from    io.Reader
	control *http.ResponseController
}

func (r patientReader) Read(p []byte) (int, error) {
	_ = r.control.SetReadDeadline(time.Now().Add(transferTime))
	return r.from.Read(p)
}

// upload puts files into a folder. The body is a line of JSON that tells of the files,
// and then their contents one after the other.
func (s *session) upload(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	body := bufio.NewReader(patientReader{r.Body, control})
	folder, ok := pathOf(r)
	files, total, err := readManifest(body)
	if !ok || err != nil {
		http.Error(w, "manifest", http.StatusBadRequest)
		return
	}
	copied, err := s.guide.Runtime.PutFiles(r.Context(), folder, total, eachUploaded(files, body))
	_ = control.SetReadDeadline(time.Time{})
	if err != nil {
		_, _ = io.CopyN(io.Discard, patientReader{r.Body, control}, maxUnread)
		s.sendProblem(w, err)
		return
	}
	s.sendJSON(w, http.StatusOK, map[string]any{"files": copied.Files})
}

// uploaded is a file of an upload. Its name is relative to the folder.
type uploaded struct {
	Name string `json:"name"`
	Size int64  `json:"size"`
	Time int64  `json:"time"` // of the last change, in milliseconds since 1970
}

func readManifest(body *bufio.Reader) (files []uploaded, total int64, err error) {
	line, err := io.ReadAll(io.LimitReader(untilNewline{body}, maxManifest))
	if err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(line, &files); err != nil {
		return nil, 0, err
	}
	for _, f := range files {
		if !fs.ValidPath(f.Name) || f.Name == "." || f.Size < 0 || f.Size > 1<<50 {
			return nil, 0, fs.ErrInvalid
		}
		total += f.Size
	}
	if len(files) > maxUploads {
		return nil, 0, fs.ErrInvalid
	}
	return files, total, nil
}

// untilNewline ends behind the first newline, and reads no more.
type untilNewline struct{ from *bufio.Reader }

func (u untilNewline) Read(p []byte) (int, error) {
	for i := range p {
		b, err := u.from.ReadByte()
		if err != nil {
			return i, err
		}
		if b == '\n' {
			return i, io.EOF
		}
		p[i] = b
	}
	return len(p), nil
}

// eachUploaded returns the files, and the folders that they are in.
func eachUploaded(files []uploaded, body io.Reader) data.Each {
	return func(add func(h *tar.Header, content io.Reader) error) error {
		made := map[string]bool{".": true, "/": true}
		var makeFolder func(dir string) error
		makeFolder = func(dir string) error {
			if made[dir] {
				return nil
			}
			if err := makeFolder(path.Dir(dir)); err != nil {
				return err
			}
			made[dir] = true
			return add(&tar.Header{Typeflag: tar.TypeDir, Name: dir, Mode: 0o755, ModTime: time.Now()}, nil)
		}
		for _, f := range files {
			if err := makeFolder(path.Dir(f.Name)); err != nil {
				return err
			}
			h := &tar.Header{Typeflag: tar.TypeReg, Name: f.Name, Size: f.Size, Mode: 0o644, ModTime: time.UnixMilli(f.Time)}
			if err := add(h, body); err != nil {
				return err
			}
		}
		return nil
	}
}

// openDataFolder shows the volume in the desktop's file manager.
func (s *session) openDataFolder(w http.ResponseWriter, r *http.Request) {
	dir, can := s.guide.Runtime.DataFolder(r.Context())
	if !can || s.guide.OpenFolder == nil {
		http.Error(w, "no folder", http.StatusConflict)
		return
	}
	if err := s.guide.OpenFolder(r.Context(), dir); err != nil {
		s.sendProblem(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
