package config

import (
	"fmt"
	"math"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
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

const gpuHint = `Use "all", "off", a number of GPUs such as 1, or a list of ids such as ["0", "GPU-uuid"]`

// gpuID is a number, a UUID, or a part of a GPU such as MIG-uuid or 0:1.
var gpuID = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.:/-]*$`)

func readGPU(r *reader, at spot, v any) (GPU, error) {
	switch v := v.(type) {
	case string:
		switch v {
		case "all":
			return GPU{All: true}, nil
		case "off":
			return GPU{}, nil
		}
		return GPU{}, r.wrong(at, fmt.Sprintf("%q is not understood", v), gpuHint)
	case int64:
		if v < 1 || v > maxGPUs {
			return GPU{}, r.wrong(at, fmt.Sprintf("%d is no number of GPUs", v), gpuHint)
		}
		return GPU{Count: int(v)}, nil
	case []any:
		if len(v) == 0 {
			return GPU{}, r.wrong(at, "the list is empty", gpuHint)
		}
		ids, err := readTexts(func(id string) (short, hint string) {
			if gpuID.MatchString(id) {
				return "", ""
			}
			return fmt.Sprintf("%q cannot be the id of a GPU", id), gpuHint
		})(r, at, v)
		return GPU{IDs: ids}, err
	default:
		return GPU{}, r.wrong(at, "it has to be a text, a whole number or a list", gpuHint)
	}
}

const sizeHint = `Use a size such as "8g" or "512m", 0 for the default`

var (
	sizeText  = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?) ?([bB]|[kKmMgGtT](?:[iI]?[bB])?)?$`)
	sizeUnits = map[string]float64{"": 1, "b": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40}
)

// readSize reads a number of bytes as `docker run --memory` takes it; 0 stands
// for no limit, or the engine's default.
func readSize(least int64) func(*reader, spot, any) (int64, error) {
	return func(r *reader, at spot, v any) (int64, error) {
		var bytes float64
		switch v := v.(type) {
		case int64:
			bytes = float64(v)
		case string:
			parts := sizeText.FindStringSubmatch(v)
			if parts == nil {
				return 0, r.wrong(at, fmt.Sprintf("%q is no size", v), sizeHint)
			}
			unit := strings.ToLower(parts[2])
			if len(unit) > 1 { // gb and gib are as good as g
				unit = unit[:1]
			}
			number, _ := strconv.ParseFloat(parts[1], 64) // too large gives +Inf
			bytes = number * sizeUnits[unit]
		default:
			return 0, r.wrong(at, "it has to be a text in quotes, or a whole number of bytes", sizeHint)
		}
		switch {
		case bytes == 0:
			return 0, nil
		case bytes < float64(least):
			return 0, r.wrong(at, fmt.Sprintf("%v is less than %d MiB", v, least>>20), sizeHint)
		case bytes > maxSizeInBytes:
			return 0, r.wrong(at, fmt.Sprintf("%v is out of range", v), sizeHint)
		}
		return int64(bytes), nil
	}
}

const cpusHint = "Use a number such as 2 or 2.5, 0 for no limit"

func readCPUs(r *reader, at spot, v any) (float64, error) {
	var cpus float64
	switch v := v.(type) {
	case int64:
		cpus = float64(v)
	case float64:
		cpus = v
	default:
		return 0, r.wrong(at, "it has to be a number, without quotes", cpusHint)
	}
	if cpus != 0 && (math.IsNaN(cpus) || cpus < minCPUs || cpus > maxCPUs) {
		return 0, r.wrong(at, fmt.Sprintf("%v is out of range", v), cpusHint)
	}
	return math.Abs(cpus), nil // there is a -0.0
}

// readDuration reads a time such as "30m"; "off" is 0.
func readDuration(least time.Duration) func(*reader, spot, any) (time.Duration, error) {
	hint := fmt.Sprintf(`Use "off", or a time of at least %s such as %q`, shortDuration(least), shortDuration(6*least))
	return func(r *reader, at spot, v any) (time.Duration, error) {
		text, is := v.(string)
		if !is {
			return 0, r.wrong(at, wantText, hint)
		}
		if text == "off" {
			return 0, nil
		}
		d, err := time.ParseDuration(text)
		switch {
		case err != nil:
			return 0, r.wrong(at, fmt.Sprintf("%q is no time", text), hint)
		case d < least:
			return 0, r.wrong(at, fmt.Sprintf("%s is too short", text), hint)
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

// clean tells whether a text has no control characters: none is of use in a
// path or an argument, and each would be a trap where one is shown.
func clean(text string) bool { return !strings.ContainsFunc(text, unicode.IsControl) }

func checkPackage(s string) (short, hint string) {
	const how = `Name packages as pip takes them, as in ["polars", "scikit-learn==1.5"]`
	switch {
	case strings.TrimSpace(s) == "":
		return "a package has no name", how
	case !clean(s):
		return fmt.Sprintf("%q cannot be the name of a package", s), how
	case strings.HasPrefix(strings.TrimSpace(s), "-"):
		return fmt.Sprintf("%q is an option of pip, not a package", s), how
	}
	return "", ""
}

func checkArgument(s string) (short, hint string) {
	if s == "" || !clean(s) {
		return fmt.Sprintf("%q cannot be a part of a command", s), `Write the command as in ["jupyter", "lab", "--no-browser"]`
	}
	return "", ""
}

func checkToken(s string) (short, hint string) {
	if t := TokenPolicy(s); t == TokenFresh || t == TokenKeep {
		return "", ""
	}
	// The text is not repeated: it may be a token.
	return "it has to tell when there is a new token", `Use "fresh" for a new token at each start, or "keep"`
}

// platformName is an architecture of Linux, with its variant.
var platformName = regexp.MustCompile(`^linux/[a-z0-9_]+(/[a-z0-9]+)?$`)

func checkPlatform(s string) (short, hint string) {
	if s == "" || platformName.MatchString(s) {
		return "", ""
	}
	return fmt.Sprintf("%q is no platform of Linux containers", s), `Use one such as "linux/amd64" or "linux/arm64"`
}

const hostHint = `Write it from the top or from your home directory, as in "/srv/data" or "~/data"`

// readHostPath reads the path of a folder of the host.
func readHostPath(r *reader, at spot, v any) (string, error) {
	text, err := readText(anyText)(r, at, v)
	if err != nil {
		return "", err
	}
	host, err := expandHome(text)
	if err != nil {
		return "", r.wrong(at, "the home directory is not known: "+err.Error(), hostHint)
	}
	if !filepath.IsAbs(host) || !clean(host) {
		return "", r.wrong(at, fmt.Sprintf("%q is no absolute path", text), hostHint)
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

const mountHint = `Use a path such as "/home/jovyan/data"`

// readContainerPath reads the path of a folder in the container.
func readContainerPath(r *reader, at spot, v any) (string, error) {
	text, err := readText(func(s string) (short, hint string) {
		if !path.IsAbs(s) || !clean(s) {
			return fmt.Sprintf("%q is no absolute path", s), mountHint
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
			return fmt.Sprintf("a folder at %s would hide the system's %s", mount, dir), mountHint
		}
	}
	data := kind.DataDir()
	if mount == data || within(mount, data) {
		return fmt.Sprintf("a folder at %s would hide the data volume, which is at %s", mount, data),
			fmt.Sprintf("Use a path below it such as %q", data+"/data")
	}
	return "", ""
}

// within reports whether a path in a container is below a directory.
func within(dir, name string) bool {
	return dir == "/" || strings.HasPrefix(name, dir+"/")
}

// DataDir returns where the data volume is mounted in a container of that kind.
func (kind Kind) DataDir() string {
	if kind == KindColab {
		return "/content"
	}
	return "/home/jovyan"
}
