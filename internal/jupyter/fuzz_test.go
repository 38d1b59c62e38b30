package jupyter

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"colabtray/internal/engine"
	"colabtray/internal/secret"
)

// FuzzOutput reads any output. EachLine returns every line of it. The token in a line
// that announces a server is masked, and a token that Jupyter writes is found whatever
// it contains.
func FuzzOutput(f *testing.F) {
	f.Add([]byte("[I] http://127.0.0.1:8888/?token=abc\n\x1b[31m"), "abc")
	f.Add([]byte("one\r\n\n"+strings.Repeat("x", engine.MaxLine+1)+"\nhttp://h:8888/?token=a%2Bb"), "a+b c")
	f.Add([]byte("http://h:8888/abc/?token=abc"), "...")
	f.Fuzz(func(t *testing.T, output []byte, written string) {
		var lines []string
		if err := engine.EachLine(bytes.NewReader(output), func(line string) { lines = append(lines, line) }); err != nil {
			t.Fatal(err)
		}
		if want := linesOf(output); !slices.Equal(lines, want) {
			t.Fatalf("%q has the lines %q, not %q", output, lines, want)
		}
		for _, line := range lines {
			token, _ := announcement(line)
			if !token.Sendable() {
				t.Errorf("%q announces a token that no header can have", line)
			}
			if token.IsZero() {
				continue
			}
			for part := range strings.SplitSeq(secret.Mask(line, []secret.Secret{token}), secret.Redacted) {
				if strings.Contains(part, token.Reveal()) {
					t.Errorf("%q leaves its token in %q", line, part)
				}
			}
		}

		const address = "     or http://127.0.0.1:8888/lab?token="
		line := address + url.QueryEscape(written)
		want := secret.New(written)
		if written == "..." || !want.Sendable() {
			want = secret.Secret{}
		}
		if got, is := announcement(line); !is || got != want {
			t.Errorf("%q announces %q, %v", line, got.Reveal(), is)
		}
		if got := secret.Mask(line, nil); written != "" && got != address+secret.Redacted {
			t.Errorf("%q becomes %q", line, got)
		}
	})
}

// linesOf returns the lines that [EachLine] must find.
func linesOf(output []byte) []string {
	lines := strings.Split(string(output), "\n")
	if last := len(lines) - 1; lines[last] == "" {
		lines = lines[:last]
	}
	for i, line := range lines {
		lines[i] = strings.TrimRight(line[:min(len(line), engine.MaxLine)], "\r")
	}
	return lines
}

// infoName matches the names of the info files of all servers.
var infoName = regexp.MustCompile(`^(nbserver|jpserver)-[^/]*\.json$`)

// FuzzInfoFiles reads any archive of a runtime directory, and an archive that contains
// any file. Only files with a valid type, name and size are read.
func FuzzInfoFiles(f *testing.F) {
	const content = `{"token": "abc", "port": 8888, "base_url": "/", "hostname": "localhost"}`
	good := infoArchive(f, "runtime/jpserver-1.json", []byte(content), tar.TypeReg)
	f.Add(good, "nbserver-7.json", []byte(content), byte(tar.TypeReg))
	f.Add(good[:len(good)-1024-200], "nbserver-7.json/x", []byte(`{"token": 1}`), byte(tar.TypeReg))
	f.Add([]byte{}, "jpserver-7.json", []byte(content+strings.Repeat(" ", maxInfoFile)), byte(tar.TypeReg))
	f.Add([]byte{}, "jpserver-7.json", []byte(content), byte(tar.TypeCont))
	f.Fuzz(func(t *testing.T, archive []byte, name string, content []byte, kind byte) {
		for _, archive := range [][]byte{archive, infoArchive(t, name, content, kind)} {
			found, err := readInfoFiles(bytes.NewReader(archive))
			var want []InfoFile
			entries := entriesOf(archive)
			for _, e := range entries {
				at := strings.TrimRight(e.Name, "/")
				if !infoName.MatchString(at[strings.LastIndex(at, "/")+1:]) || e.Typeflag != tar.TypeReg || e.Size > maxInfoFile || e.content == nil {
					continue
				}
				var says struct {
					Token string
					Port  int
				}
				if parsed, err := parseInfoFile(e.content, e.ModTime); err == nil {
					want = append(want, parsed)
					if json.Unmarshal(e.content, &says) == nil && (parsed.token.Reveal() != says.Token || parsed.port != says.Port) {
						t.Errorf("of %q the token is %q, the port %d", e.content, parsed.token.Reveal(), parsed.port)
					}
				}
			}
			if len(archive) <= maxInfoArchive && len(entries) <= maxInfoEntries && !slices.Equal(found, want) {
				t.Errorf("found %+v (%v), not %+v", found, err, want)
			}

			text, err := engine.ReadFile(bytes.NewReader(archive))
			switch {
			case len(text) > maxInfoFile:
				t.Errorf("%d bytes were read", len(text))
			case len(entries) == 0 && err == nil:
				t.Error("a file was read where none is")
			case len(entries) > 0 && entries[0].Typeflag != tar.TypeReg && len(text) > 0:
				t.Errorf("%q was read of what is no file", text)
			case len(entries) > 0 && entries[0].Typeflag == tar.TypeReg && err == nil && !bytes.Equal(text, entries[0].content[:min(len(entries[0].content), maxInfoFile)]):
				t.Errorf("%q was read of %q", text, entries[0].content)
			}
		}
	})
}

// infoArchive makes an archive of one entry; it is empty if an archive cannot contain
// the entry.
func infoArchive(t testing.TB, name string, content []byte, kind byte) []byte {
	t.Helper()
	h := &tar.Header{Typeflag: kind, Name: name, Mode: 0o600, ModTime: time.Unix(5, 0)}
	if kind == tar.TypeReg || kind == tar.TypeCont {
		h.Size = int64(len(content))
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if w.WriteHeader(h) != nil {
		return nil
	}
	if h.Size > 0 {
		if _, err := w.Write(content); err != nil {
			return nil // of a directory, by its name
		}
	}
	_ = w.Close() // the only possible error is that the archive is too short
	return b.Bytes()
}

// entry is an entry of an archive. Its content is nil if the archive ends before the
// content does.
type entry struct {
	*tar.Header
	content []byte
}

func entriesOf(archive []byte) (entries []entry) {
	for r := tar.NewReader(bytes.NewReader(archive)); ; {
		h, err := r.Next()
		if err != nil {
			return entries
		}
		content, err := io.ReadAll(io.LimitReader(r, maxInfoFile+1))
		if err != nil {
			content = nil
		}
		entries = append(entries, entry{h, content})
	}
}

func TestAnnouncement(t *testing.T) {
	for line, want := range map[string]struct {
		token string
		is    bool
	}{
		"        http://127.0.0.1:8888/lab?token=abc123":                                                 {"abc123", true},
		"[I 10:00:00.000 NotebookApp] http://host:8888/?token=abc":                                       {"abc", true},
		"     or http://127.0.0.1:8888/tree?token=a%2Bb":                                                 {"a+b", true},
		"\x1b[32m[I 2026-01-01 ServerApp]\x1b[m http://h:8888/lab?token=t\x1b":                           {"t", true},
		"[I 10:00 ServerApp] http://127.0.0.1:8888/lab?token=...":                                        {"", true},
		"[I 10:00 ServerApp] http://127.0.0.1:8888/lab":                                                  {"", true},
		"[I 10:00 ServerApp] Jupyter Server 2.15.0 is running at:":                                       {"", false},
		"[C 2026-11-26 22:57:32.847 ServerApp] http://h:8888/lab?token=t ":                               {"t", true},
		"http://h:8888/?token=%0d%0aX":                                                                   {"", true},
		"http://h:8888/?token=%C3%A4":                                                                    {"", true},
		"see https://jupyter.org/help?token=nothing":                                                     {"", false},
		"[W 10:00:00 NotebookApp] 403 GET /api/status (172.17.0.1) 1.20ms referer=http://x:1/?token=abc": {"", false},
		"[W 10:00:00 NotebookApp] http://x:1/?token=abc (172.17.0.1)":                                    {"", false},
		"[[I 10:00:00 NotebookApp] http://x:1/?token=abc":                                                {"", false},
		`    "Referer": "http://x:1/?token=abc",`:                                                        {"", false},
		"[W 10:00:00 NotebookApp] http://x:1/?token=abc":                                                 {"", false},
		"http://%zz:1/": {"", true},
		"":              {"", false},
	} {
		token, is := announcement(line)
		if is != want.is || token.Reveal() != want.token {
			t.Errorf("%q: got %q, %v", line, token.Reveal(), is)
		}
	}
}

func TestTokenStore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "tokens.json")
	var log bytes.Buffer
	open := func() *TokenStore { return NewTokenStore(path, slog.New(slog.NewTextHandler(&log, nil))) }
	one, two := secret.New("token-one"), secret.New("token-two")
	for i, step := range []struct {
		runtime string
		token   secret.Secret
		want    bool
	}{{"a", one, false}, {"a", one, false}, {"a", two, true}, {"b", one, false}, {"a", two, false}, {"a", one, true}} {
		if got := open().Changed(step.runtime, step.token); got != step.want {
			t.Errorf("step %d: changed is %v", i, got)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil || bytes.Contains(text, []byte("token-")) {
		t.Errorf("the file is %s (%v)", text, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	for _, broken := range []string{"", "null", "[1]", "{\"a\": 7}", "\x00"} {
		if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
			t.Fatal(err)
		}
		for i, step := range []struct {
			token secret.Secret
			want  bool
		}{{one, false}, {one, false}, {two, true}} {
			if got := open().Changed("a", step.token); got != step.want {
				t.Errorf("after the file %q, step %d: changed is %v", broken, i, got)
			}
		}
	}
	if none := (*TokenStore)(nil); none.Changed("a", one) {
		t.Error("no store, but a change")
	}
	if NewTokenStore(filepath.Join(path, "no", "such"), slog.New(slog.NewTextHandler(&log, nil))).Changed("a", one) || log.Len() == 0 {
		t.Error("a store that cannot be written is said in the log")
	}
}
