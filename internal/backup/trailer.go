package backup

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"io"
	"regexp"
	"time"

	"colabtray/internal/i18n"
)

const (
	format     = 1
	zstdMagic  = 0xFD2FB528
	frameMagic = 0x184D2A5C // a skippable frame (RFC 8878, 3.1.2)
	endMagic   = "CLBTRAY\n"
	frameHead  = 8
	frameEnd   = 4 + len(endMagic)
	maxTrailer = 16 << 10
)

// trailer is the content of the last frame.
type trailer struct {
	Format  int       `json:"format"`
	Runtime string    `json:"runtime"`
	Made    time.Time `json:"made"`
	Entries int64     `json:"entries"`
	Bytes   int64     `json:"bytes"`
	SHA256  string    `json:"sha256"`
}

// runtimeName matches names of runtimes. The name is checked because a question to a
// person contains it.
var runtimeName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,62}$`)

// frame returns the last frame of a backup file.
func (c Contents) frame() ([]byte, error) {
	text, err := json.Marshal(trailer{format, c.Runtime, c.Made.UTC(), c.Entries, c.Bytes, c.sum})
	if err != nil {
		return nil, err
	}
	frame := binary.LittleEndian.AppendUint32(nil, frameMagic)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(text)+frameEnd))
	frame = append(frame, text...)
	frame = binary.LittleEndian.AppendUint32(frame, uint32(len(text)))
	return append(frame, endMagic...), nil
}

// readTrailer reads the last frame of a file of the given size in bytes. It also
// returns the length of the compressed archive before the frame, in bytes.
func readTrailer(f io.ReaderAt, size int64) (c Contents, packed int64, err error) {
	var head [4]byte
	if _, err := f.ReadAt(head[:], 0); err != nil && size >= int64(len(head)) {
		return c, 0, err
	}
	if binary.LittleEndian.Uint32(head[:]) != zstdMagic {
		return c, 0, &Refused{Why: i18n.T("backup.noBackup")}
	}
	cutOff := &Refused{Why: i18n.T("backup.cutOff")}
	if size < int64(len(head)+frameHead+frameEnd) {
		return c, 0, cutOff
	}
	end := make([]byte, frameEnd)
	if _, err := f.ReadAt(end, size-int64(frameEnd)); err != nil {
		return c, 0, err
	}
	length := int64(binary.LittleEndian.Uint32(end))
	packed = size - int64(frameEnd) - length - frameHead
	if string(end[4:]) != endMagic || length > maxTrailer || packed <= 0 {
		return c, 0, cutOff
	}
	frame := make([]byte, frameHead+length)
	if _, err := f.ReadAt(frame, packed); err != nil {
		return c, 0, err
	}
	damaged := &Refused{Why: i18n.T("backup.senselessEnd")}
	if binary.LittleEndian.Uint32(frame) != frameMagic || int64(binary.LittleEndian.Uint32(frame[4:])) != length+int64(frameEnd) {
		return c, 0, damaged
	}
	var t trailer
	if err := json.Unmarshal(frame[frameHead:], &t); err != nil {
		return c, 0, damaged
	}
	if t.Format > format {
		return c, 0, &Refused{Why: i18n.T("backup.newer", "format", t.Format)}
	}
	sum, err := hex.DecodeString(t.SHA256)
	if err != nil || len(sum) != 32 || t.Format < 1 || t.Entries < 1 || t.Bytes < 1 || !runtimeName.MatchString(t.Runtime) {
		return c, 0, damaged
	}
	return Contents{Runtime: t.Runtime, Made: t.Made, Entries: t.Entries, Bytes: t.Bytes, Size: size, sum: hex.EncodeToString(sum)}, packed, nil
}
