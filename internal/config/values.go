package config

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"colabtray/internal/i18n"

	"github.com/distribution/reference"
)

// Limits of values. A value below the minimum is a mistake, such as memory = 8, which
// means 8 bytes.
const (
	minMemory      = 6 << 20 // Docker's minimum (https://docs.docker.com/engine/containers/resource_constraints/)
	minShmSize     = 1 << 20
	minCPUs        = 0.01
	minIdleStop    = 5 * time.Minute
	minClear       = time.Second
	maxCPUs        = 10000
	maxGPUs        = 128
	maxSizeInBytes = 1 << 62
)

// gpuID matches the ID of a GPU: an index, a UUID, or a part of a GPU such as
// MIG-uuid or 0:1.
var gpuID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/-]*$`)

func readGPU(r *reader, at location, v any) (GPU, error) {
	hint := i18n.T("config.gpuHint")
	switch v := v.(type) {
	case string:
		switch v {
		case "all":
			return GPU{All: true}, nil
		case "off":
			return GPU{}, nil
		}
		return GPU{}, r.wrong(at, i18n.T("config.notUnderstood", "text", i18n.Escaped(v)), hint)
	case int64:
		if v < 1 || v > maxGPUs {
			return GPU{}, r.wrong(at, i18n.T("config.noGPUs", "number", v), hint)
		}
		return GPU{Count: int(v)}, nil
	case []any:
		if len(v) == 0 {
			return GPU{}, r.wrong(at, i18n.T("config.emptyList"), hint)
		}
		ids, err := readTexts(func(id string) (short, _ string) {
			if gpuID.MatchString(id) {
				return "", ""
			}
			return i18n.T("config.noGPUID", "id", i18n.Escaped(id)), hint
		})(r, at, v)
		return GPU{IDs: ids}, err
	default:
		return GPU{}, r.wrong(at, i18n.T("config.wantGPU"), hint)
	}
}

var (
	sizeText  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([bB]|[kKmMgGtT](?:[iI]?[bB])?)?$`)
	sizeUnits = map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
)

// readSize returns a function that reads a number of bytes in the format of
// `docker run --memory`. A size below least, in bytes, is invalid, except 0, which
// means no limit or the engine's default.
func readSize(least int64) func(*reader, location, any) (int64, error) {
	return func(r *reader, at location, v any) (int64, error) {
		hint := i18n.T("config.sizeHint")
		var bytes float64
		switch v := v.(type) {
		case int64:
			bytes = float64(v)
		case string:
			parts := sizeText.FindStringSubmatch(v)
			if parts == nil {
				return 0, r.wrong(at, i18n.T("config.noSize", "text", i18n.Escaped(v)), hint)
			}
			unit := strings.ToLower(parts[2])
			if len(unit) > 1 { // g, gb and gib are the same
				unit = unit[:1]
			}
			number, _ := strconv.ParseFloat(parts[1], 64) // too large gives +Inf
			bytes = number * sizeUnits[unit]
		default:
			return 0, r.wrong(at, i18n.T("config.wantSize"), hint)
		}
		switch {
		case bytes == 0:
			return 0, nil
		case bytes < float64(least):
			return 0, r.wrong(at, i18n.T("config.tooSmall", "value", v, "least", least>>20), hint)
		case bytes > maxSizeInBytes:
			return 0, r.wrong(at, i18n.T("config.outOfRange", "value", v), hint)
		}
		return int64(bytes), nil
	}
}

func readCPUs(r *reader, at location, v any) (float64, error) {
	var cpus float64
	switch v := v.(type) {
	case int64:
		cpus = float64(v)
	case float64:
		cpus = v
	default:
		return 0, r.wrong(at, i18n.T("config.wantNumber"), i18n.T("config.cpusHint"))
	}
	if cpus != 0 && (math.IsNaN(cpus) || cpus < minCPUs || cpus > maxCPUs) {
		return 0, r.wrong(at, i18n.T("config.outOfRange", "value", v), i18n.T("config.cpusHint"))
	}
	return math.Abs(cpus), nil // -0.0 becomes 0
}

// readDuration returns a function that reads a duration such as "30m" that is not
// shorter than least. It reads "off" as 0.
func readDuration(least time.Duration) func(*reader, location, any) (time.Duration, error) {
	return func(r *reader, at location, v any) (time.Duration, error) {
		hint := i18n.T("config.durationHint", "least", shortDuration(least), "example", shortDuration(6*least))
		text, is := v.(string)
		if !is {
			return 0, r.wrong(at, i18n.T("config.wantText"), hint)
		}
		if text == "off" {
			return 0, nil
		}
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, r.wrong(at, i18n.T("config.noTime", "text", i18n.Escaped(text)), hint)
		case d < least:
			return 0, r.wrong(at, i18n.T("config.tooShort", "time", text), hint)
		}
		return d, nil
	}
}

// shortDuration formats a duration without parts that are zero, and 0 as "off".
func shortDuration(d time.Duration) string {
	if d == 0 {
		return "off"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// hasNoControls reports whether a text has no control characters. A path or an
// argument needs none, and a control character can mislead whoever reads the text
// in a terminal.
func hasNoControls(text string) bool { return !strings.ContainsFunc(text, unicode.IsControl) }

func checkPackage(s string) (short, hint string) {
	switch {
	case strings.TrimSpace(s) == "":
		short = i18n.T("config.namelessPackage")
	case !hasNoControls(s):
		short = i18n.T("config.noPackage", "name", i18n.Escaped(s))
	case strings.HasPrefix(strings.TrimSpace(s), "-"):
		short = i18n.T("config.pipOption", "option", i18n.Escaped(s))
	default:
		return "", ""
	}
	return short, i18n.T("config.packageHint")
}

func checkArgument(s string) (short, hint string) {
	if s == "" || !hasNoControls(s) {
		return i18n.T("config.noArgument", "text", i18n.Escaped(s)), i18n.T("config.argumentHint")
	}
	return "", ""
}

func tokenPolicies() []TokenPolicy { return []TokenPolicy{TokenFresh, TokenKeep} }

func checkToken(s string) (short, hint string) {
	if slices.Contains(tokenPolicies(), TokenPolicy(s)) {
		return "", ""
	}
	// The error does not contain the text, which may be a token.
	return i18n.T("config.noToken"), i18n.T("config.tokenHint")
}

// platformName matches Linux with an architecture and an optional variant.
var platformName = regexp.MustCompile(`^linux/[a-z0-9_]+(/[a-z0-9]+)?$`)

func checkPlatform(s string) (short, hint string) {
	if s == "" || platformName.MatchString(s) {
		return "", ""
	}
	return i18n.T("config.noPlatform", "name", i18n.Escaped(s)), i18n.T("config.platformHint")
}

// userNumbers matches a user ID and an optional group ID. User 0 is not valid: it
// has the name [UserRoot].
var userNumbers = regexp.MustCompile(`^[1-9][0-9]{0,8}(:[0-9]{1,9})?$`)

// readUser reads the user of a container.
func readUser(r *reader, at location, v any) (string, error) {
	hint := i18n.T("config.userHint")
	if number, is := v.(int64); is {
		v = strconv.FormatInt(number, 10)
	}
	text, is := v.(string)
	switch {
	case !is:
		return "", r.wrong(at, i18n.T("config.wantText"), hint)
	case text != "" && text != UserRoot && !userNumbers.MatchString(text):
		return "", r.wrong(at, i18n.T("config.noUser", "text", i18n.Escaped(text)), hint)
	}
	return text, nil
}

// readHostPath reads the path of a folder on the host.
func readHostPath(r *reader, at location, v any) (string, error) {
	text, err := readText(anyText)(r, at, v)
	if err != nil {
		return "", err
	}
	read := hostPath
	if r.elsewhere {
		read = pathElsewhere
	}
	host, short, hint := read(text)
	if short != "" {
		return "", r.wrong(at, short, hint)
	}
	return host, nil
}

// hostPath returns the absolute path on the host that a text names.
func hostPath(text string) (host, short, hint string) {
	host, err := expandHome(text)
	if err != nil {
		return "", i18n.T("config.noHome", "cause", err), i18n.T("config.hostHint")
	}
	if !filepath.IsAbs(host) || !hasNoControls(host) {
		return "", i18n.T("config.notAbsolute", "path", i18n.Escaped(text)), i18n.T("config.hostHint")
	}
	return filepath.Clean(host), "", ""
}

// pathElsewhere returns the absolute path that a text names on another machine, whose
// home directories are not known.
func pathElsewhere(text string) (host, short, hint string) {
	if !path.IsAbs(text) || !hasNoControls(text) {
		return "", i18n.T("config.notAbsolute", "path", i18n.Escaped(text)), i18n.T("config.hostElsewhereHint")
	}
	return path.Clean(text), "", ""
}

// expandHome replaces "~" at the start of a path by the home directory.
func expandHome(name string) (string, error) {
	rest, is := strings.CutPrefix(name, "~")
	if !is || rest != "" && !os.IsPathSeparator(rest[0]) {
		return name, nil
	}
	home, err := os.UserHomeDir()
	return home + rest, err
}

// readContainerPath reads the path of a folder in the container.
func readContainerPath(r *reader, at location, v any) (string, error) {
	text, err := readText(func(s string) (short, hint string) {
		if !path.IsAbs(s) || !hasNoControls(s) {
			return i18n.T("config.notAbsolute", "path", i18n.Escaped(s)), i18n.T("config.mountHint")
		}
		return "", ""
	})(r, at, v)
	return path.Clean(text), err
}

// systemDirs are the directories that a container needs. A folder mounted at, below
// or above one of them would break the container.
var systemDirs = []string{
	"/opt/colab-tray", "/proc", "/sys", "/dev", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/lib",
}

// checkMount checks the path where a folder is mounted in a container of a kind.
func checkMount(mount string, kind Kind) (short, hint string) {
	for _, dir := range systemDirs {
		if mount == dir || within(dir, mount) || within(mount, dir) {
			return i18n.T("config.hidesSystem", "path", mount, "dir", dir), i18n.T("config.mountHint")
		}
	}
	data := kind.DataDir()
	if mount == data || within(mount, data) {
		return i18n.T("config.hidesData", "path", mount, "dir", data), i18n.T("config.hidesDataHint", "example", data+"/data")
	}
	return "", ""
}

// within reports whether a path in a container is below a directory.
func within(dir, name string) bool {
	return dir == "/" || strings.HasPrefix(name, dir+"/")
}

// containerName matches the names that engines accept for a container. The name is
// also the hostname, so it has at most 63 characters.
var containerName = regexp.MustCompile(`^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,62}$`)

func checkName(s string) (short, hint string) {
	if containerName.MatchString(s) {
		return "", ""
	}
	return i18n.T("config.noName", "name", i18n.Escaped(s)), i18n.T("config.nameHint")
}

func checkImage(s string) (short, hint string) {
	if _, err := reference.ParseNormalizedNamed(s); err == nil {
		return "", ""
	}
	return i18n.T("config.noImage", "name", i18n.Escaped(s)), i18n.T("config.imageHint", "example", DefaultImage+":latest")
}

func checkPort(n int64) (short, hint string) {
	if n >= 1 && n <= 65535 {
		return "", ""
	}
	return i18n.T("config.outOfRange", "value", n), i18n.T("config.portHint")
}

func kinds() []Kind { return []Kind{KindJupyter, KindColab} }

func checkKind(s string) (short, hint string) {
	if slices.Contains(kinds(), Kind(s)) {
		return "", ""
	}
	return i18n.T("config.noKind", "kind", i18n.Escaped(s)), i18n.T("config.kindHint")
}
