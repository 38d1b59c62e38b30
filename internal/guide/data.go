package guide

import (
	"context"
	"net/http"
	"path/filepath"
	"time"

	"colabtray/internal/data"
	"colabtray/internal/i18n"
)

// Data is what the guide needs of a runtime for the backups of its data.
type Data interface {
	DataUsage(ctx context.Context) (data.Usage, error)
	BackupDir() string
	OwnBackups() ([]data.OwnBackup, error)
	BackupOwn(ctx context.Context, progress func(data.Progress)) (data.Backup, error)
	Restore(ctx context.Context, o data.RestoreOptions) (data.RestoreResult, error)
}

// shownBackup is one of the runtime's backups as the page has it. Name is the name of its
// file, without the directory.
type shownBackup struct {
	Name string    `json:"name"`
	Made time.Time `json:"made"`
	Size int64     `json:"size"`
	Kept bool      `json:"kept"`
}

// shownPart is an entry of the volume and what it takes.
type shownPart struct {
	Name  string      `json:"name"`
	Bytes int64       `json:"bytes"`
	Parts []shownPart `json:"parts"`
}

// routeData adds the requests of the page about the data.
func (s *session) routeData(mux *http.ServeMux) {
	mux.HandleFunc("GET /data", s.backups)
	mux.HandleFunc("POST /data/usage", s.usage)
	mux.HandleFunc("POST /data/backup", s.backup)
	mux.HandleFunc("POST /data/restore", s.restore)
	mux.HandleFunc("POST /data/open", s.openBackups)
	mux.HandleFunc("POST /work/cancel", s.cancelWork)
}

// backups lists the runtime's own backups.
func (s *session) backups(w http.ResponseWriter, _ *http.Request) {
	all, err := s.guide.Runtime.OwnBackups()
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	shown := []shownBackup{}
	for _, b := range all {
		shown = append(shown, shownBackup{filepath.Base(b.File), b.Made, b.Size, b.Kept})
	}
	s.sendJSON(w, http.StatusOK, map[string]any{
		"backups": shown, "dir": i18n.Line(s.guide.Runtime.BackupDir()), "days": data.BackupDays, "canOpen": s.guide.OpenFolder != nil && len(all) > 0,
	})
}

// usage tells what takes the room in the volume. The page cancels the request when that
// takes too long for the person.
func (s *session) usage(w http.ResponseWriter, r *http.Request) {
	u, err := s.guide.Runtime.DataUsage(r.Context())
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	s.sendJSON(w, http.StatusOK, map[string]any{"bytes": u.Bytes, "free": u.Free, "parts": shownParts(u.Parts)})
}

func shownParts(parts []data.Part) []shownPart {
	shown := []shownPart{}
	for _, p := range parts {
		shown = append(shown, shownPart{i18n.Line(p.Name), p.Bytes, shownParts(p.Parts)})
	}
	return shown
}

// backup makes a backup that is kept.
func (s *session) backup(w http.ResponseWriter, _ *http.Request) {
	s.startWork(w, "backup", i18n.T("cli.backup.interrupted"), func(ctx context.Context, tell func(data.Progress)) (string, error) {
		b, err := s.guide.Runtime.BackupOwn(ctx, tell)
		if err != nil {
			return "", err
		}
		return i18n.Sentences(b.Told()...), nil
	})
}

// restore restores the backup of that name, which the person has confirmed.
func (s *session) restore(w http.ResponseWriter, r *http.Request) {
	all, err := s.guide.Runtime.OwnBackups()
	if err != nil {
		s.sendProblem(w, err)
		return
	}
	file := ""
	for _, b := range all {
		if filepath.Base(b.File) == r.URL.Query().Get("name") {
			file = b.File
		}
	}
	if file == "" {
		s.sendJSON(w, http.StatusConflict, actionMessage{Short: i18n.T("work.gone")})
		return
	}
	s.startWork(w, "restore", i18n.T("cli.restore.interrupted"), func(ctx context.Context, tell func(data.Progress)) (string, error) {
		restored, err := s.guide.Runtime.Restore(ctx, data.RestoreOptions{
			File: file, Progress: tell,
			Confirm: func(context.Context, data.Backup) (bool, error) { return true, nil },
		})
		var told []string
		if err == nil {
			told = append(told, i18n.T("cli.restore.done", "volume", s.guide.Runtime.Profile().Volume(),
				"runtime", restored.From.Runtime, "time", restored.From.Made.Local().Format(time.DateTime)))
		}
		if restored.Backup != "" {
			told = append(told, i18n.T("cli.restore.kept", "file", restored.Backup))
		}
		if restored.Started {
			told = append(told, i18n.T("cli.restore.started"))
		}
		return i18n.Sentences(told...), err
	})
}

// openBackups shows the directory of the backups in the desktop's file manager.
func (s *session) openBackups(w http.ResponseWriter, r *http.Request) {
	if s.guide.OpenFolder == nil {
		http.Error(w, "no folder", http.StatusConflict)
		return
	}
	if err := s.guide.OpenFolder(r.Context(), s.guide.Runtime.BackupDir()); err != nil {
		s.sendProblem(w, err)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
