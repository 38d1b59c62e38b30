package config

import (
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"

	"colabtray/internal/i18n"
)

// The least that is taken. What is less is a mistake such as memory = 8, which
// would be 8 bytes.
const (
	minMemory      = 6 << 20 // what Docker wants
	minShmSize     = 1 << 20
	minCPUs        = 0.01
	minIdleStop    = 5 * time.Minute
	minClear       = time.Second
	maxCPUs        = 10000
	maxGPUs        = 128
	maxSizeInBytes = 1 << 62
)

// gpuID is a number, a UUID, or a part of a GPU such as MIG-uuid or 0:1.
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

// readSize reads a number of bytes as `docker run --memory` takes it; 0 stands
// for no limit, or the engine's default.
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
			if len(unit) > 1 { // gb and gib are as good as g
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
	return math.Abs(cpus), nil // there is a -0.0
}

// readDuration reads a time such as "30m"; "off" is 0.
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

// shortDuration returns the duration without parts that are zero, "off" for
// none.
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

// hasNoControls tells whether a text has no control characters: none is of use in a
// path or an argument, and each would be a trap where one is shown.
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

func checkToken(s string) (short, hint string) {
	if t := TokenPolicy(s); t == TokenFresh || t == TokenKeep {
		return "", ""
	}
	// The text is not repeated: it may be a token.
	return i18n.T("config.noToken"), i18n.T("config.tokenHint")
}

// platformName is an architecture of Linux, with its variant.
var platformName = regexp.MustCompile(`^linux/[a-z0-9_]+(/[a-z0-9]+)?$`)

func checkPlatform(s string) (short, hint string) {
	if s == "" || platformName.MatchString(s) {
		return "", ""
	}
	return i18n.T("config.noPlatform", "name", i18n.Escaped(s)), i18n.T("config.platformHint")
}

// userNumbers are a user and perhaps a group. Root is asked for by name.
var userNumbers = regexp.MustCompile(`^[1-9][0-9]{0,8}(:[0-9]{1,9})?$`)

// readUser reads whom a container runs as.
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

// readHostPath reads the path of a folder of the host.
func readHostPath(r *reader, at location, v any) (string, error) {
	text, err := readText(anyText)(r, at, v)
	if err != nil {
		return "", err
	}
	host, err := expandHome(text)
	if err != nil {
		return "", r.wrong(at, i18n.T("config.noHome", "cause", err), i18n.T("config.hostHint"))
	}
	if !filepath.IsAbs(host) || !hasNoControls(host) {
		return "", r.wrong(at, i18n.T("config.notAbsolute", "path", i18n.Escaped(text)), i18n.T("config.hostHint"))
	}
	return filepath.Clean(host), nil
}

// expandHome puts the home directory in the place of a "~" at the start.
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

// systemDirs are what a container cannot work without: a folder on one of them,
// in it, or above it would break the container.
var systemDirs = []string{
	"/opt/colab-tray", "/proc", "/sys", "/dev", "/etc", "/bin", "/sbin", "/lib", "/lib64", "/usr/bin", "/usr/lib",
}

// checkMount looks at where a folder is in a container of a kind.
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

// Port returns the port in the container at which an image of that kind serves
// Jupyter.
func (kind Kind) Port() int {
	if kind == KindColab {
		return 8080
	}
	return 8888
}

// DataDir returns where the data volume is mounted in a container of that kind.
func (kind Kind) DataDir() string {
	if kind == KindColab {
		return "/content"
	}
	return "/home/jovyan"
}
