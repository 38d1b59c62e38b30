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

// maxTokens is what is read of the file, in bytes.
const maxTokens = 16 << 20

// TokenStore remembers which token each runtime had last, as a salted hash, to
// notice a change also while the program was not running. A nil TokenStore
// remembers nothing. One program at a time may use the file.
type TokenStore struct {
	path string
	log  *slog.Logger
	mu   sync.Mutex
}

// NewTokenStore makes a store in the file at path, which need not exist, in a
// directory that does. What goes wrong with the file is said in the log: a
// change of the token may then go unnoticed, and nothing else.
func NewTokenStore(path string, log *slog.Logger) *TokenStore {
	return &TokenStore{path: path, log: log}
}

// tokenHash is what is kept of a token.
type tokenHash struct {
	Salt []byte `json:"salt"`
	Hash []byte `json:"hash"`
}

func (h tokenHash) of(t secret.Secret) []byte {
	mac := hmac.New(sha256.New, h.Salt)
	mac.Write([]byte(t.Reveal()))
	return mac.Sum(nil)
}

// Changed reports whether the runtime had another token before, and remembers
// this one.
func (s *TokenStore) Changed(name string, t secret.Secret) bool {
	if s == nil {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	hashes, err := s.read()
	if err != nil {
		s.log.Warn("the file of token hashes was not understood, and is made anew", "file", s.path, "error", err)
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
		s.log.Warn("the hash of the token could not be kept", "file", s.path, "error", err)
	}
	return known
}

// read returns the hashes by runtime, none when the file is not there or is
// not understood.
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

// write replaces the file as a whole, readable by its owner alone.
func (s *TokenStore) write(hashes map[string]tokenHash) error {
	text, err := json.Marshal(hashes)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(s.path), ".tokens-*") // made with mode 0600
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
