package data

import (
	"context"
	"encoding/base64"
	"errors"
	"slices"
	"strconv"
	"strings"

	"colabtray/internal/engine"
)

// What is told of the usage of a volume. Its content may be hostile.
const (
	maxParts     = 12   // of the volume
	maxInner     = 4    // of a part
	innerPercent = 5    // of the volume, at least, for an inner part to be told
	usageLines   = 2000 // that are read
)

// usageScript prints the free space on the disk of the volume, and the sizes in KiB of
// the volume and its largest entries, in base64 and with an end as lookScript does.
//
//	$1  the root of the volume
//	$2  how many lines are told
const usageScript = `
LC_ALL=C; export LC_ALL
exec 2>/dev/null
cd "$1" || exit 1
{ df -Pk . | tail -n 1; du -akx -d 2 . | sort -rn | head -n "$2"; } | head -c 1000000 | base64 || exit
` + "echo " + outputEnd

// Usage tells what takes the room in a volume, in bytes on its disk.
type Usage struct {
	// Bytes is all that the volume takes, and Free what is free on its disk.
	Bytes, Free int64
	// Parts are the largest entries of the volume, the largest first.
	Parts []Part
}

// Part is an entry of the volume and what it takes.
type Part struct {
	// Name is as the volume has it, so it can have any bytes but / and 0.
	Name  string
	Bytes int64
	// Parts are its entries that take much of the volume.
	Parts []Part
}

// Usage measures what takes the room in the volume. With many files that takes minutes.
// The caller must keep others from the helpers, see [Store.Lock].
func (d *Store) Usage(ctx context.Context) (u Usage, err error) {
	exists, err := d.HasVolume(ctx)
	if err == nil && !exists {
		err = noDataProblem(d.Profile)
	}
	if err != nil {
		return u, err
	}
	cmd := []string{"sh", "-c", usageScript, "sh", engine.HelperDataDir, strconv.Itoa(usageLines)}
	err = d.tryImages(ctx, func(image string) error {
		out, err := d.output(ctx, engine.HelperSpec{Image: image, Cmd: cmd, Volume: d.Profile.Volume()})
		if err == nil {
			u, err = parseUsage(string(out))
		}
		return err
	})
	return u, err
}

// parseUsage parses what usageScript prints.
func parseUsage(out string) (u Usage, err error) {
	text, err := base64.StdEncoding.DecodeString(strings.TrimSpace(out))
	if err != nil {
		return u, err
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	if u.Free, err = availableIn(lines[:1]); err != nil {
		return u, err
	}
	known := false
	inner := map[string][]Part{}
	for _, line := range lines[1:] {
		size, name, found := strings.Cut(line, "\t")
		kibibytes, bad := strconv.ParseUint(size, 10, 50)
		if !found || bad != nil {
			continue // the rest of a name with a newline
		}
		bytes := int64(kibibytes) << 10
		if name == "." {
			u.Bytes, known = bytes, true
			continue
		}
		name, below := strings.CutPrefix(name, "./")
		if !below || isOurs(name) || bytes == 0 {
			continue
		}
		if parent, base, deep := strings.Cut(name, "/"); deep {
			inner[parent] = append(inner[parent], Part{Name: base, Bytes: bytes})
		} else {
			u.Parts = append(u.Parts, Part{Name: name, Bytes: bytes})
		}
	}
	if !known {
		return u, errors.New("the output of du has no total")
	}
	u.Parts = u.Parts[:min(len(u.Parts), maxParts)]
	for i, p := range u.Parts {
		large := slices.DeleteFunc(inner[p.Name], func(p Part) bool { return p.Bytes < u.Bytes/100*innerPercent })
		u.Parts[i].Parts = large[:min(len(large), maxInner)]
	}
	return u, nil
}
