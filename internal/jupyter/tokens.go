package jupyter

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"sync"

	"colabtray/internal/config"
	"colabtray/internal/secret"
)

// maxTokens is how much of the file is read, in bytes.
const maxTokens = 16 << 20

// TokenStore remembers the last token of each runtime as a salted hash. So a change is
// noticed even when it happened while the program was not running. A nil TokenStore
// remembers nothing. Only one program at a time may use the file.
type TokenStore struct {
	path string
	log  *slog.Logger
	mu   sync.Mutex
}

// NewTokenStore makes a store in the file at path. The file need not exist, but its
// directory must. Errors of the file are only logged: then a change of the token may go
// unnoticed.
func NewTokenStore(path string, log *slog.Logger) *TokenStore {
	return &TokenStore{path: path, log: log}
}

// tokenHash is what the file keeps of a token.
type tokenHash struct {
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

func (h tokenHash) of(t secret.Secret) []byte {
	mac := hmac.New(sha256.New, h.Salt)
	mac.Write([]byte(t.Reveal()))
	return mac.Sum(nil)
}

// Changed reports whether the runtime had another token before, and remembers the new
// one.
func (s *TokenStore) Changed(name string, t secret.Secret) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	hashes, err := s.read()
	if err != nil {
		s.log.Warn("cannot read the file of token hashes; replacing it", "file", s.path, "error", err)
	}
	old, known := hashes[name]
	if known && hmac.Equal(old.Hash, old.of(t)) {
		return false
	}
	h := tokenHash{Salt: make([]byte, 16)}
	_, _ = rand.Read(h.Salt) // crypto/rand.Read never fails
	h.Hash = h.of(t)
	hashes[name] = h
	if err := s.write(hashes); err != nil {
		s.log.Warn("cannot write the file of token hashes", "file", s.path, "error", err)
	}
	return known
}

// Is reports whether a token is the one of the runtime that was remembered last. Its time
// does not depend on how much of a wrong one is right.
func (s *TokenStore) Is(name string, t secret.Secret) bool {
	if s == nil || t.IsZero() {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	hashes, err := s.read()
	if err != nil {
		s.log.Warn("cannot read the file of token hashes", "file", s.path, "error", err)
	}
	h, known := hashes[name]
	return known && hmac.Equal(h.Hash, h.of(t))
}

// read returns the hashes by the name of the runtime. There are none when the file does
// not exist or cannot be parsed.
func (s *TokenStore) read() (map[string]tokenHash, error) {
	hashes := map[string]tokenHash{}
	f, err := config.OpenRegular(s.path)
	if errors.Is(err, fs.ErrNotExist) {
		return hashes, nil
	}
	if err != nil {
		return hashes, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxTokens))
	if err != nil {
		return hashes, err
	}
	if err := json.Unmarshal(text, &hashes); err != nil || hashes == nil {
		return map[string]tokenHash{}, errors.Join(err)
	}
	return hashes, nil
}

// write replaces the file at once. Only its owner can read it.
func (s *TokenStore) write(hashes map[string]tokenHash) error {
	text, err := json.Marshal(hashes)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), ".tokens-*") // with mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	if err := errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return err
	}
	return os.Rename(f.Name(), s.path)
}
