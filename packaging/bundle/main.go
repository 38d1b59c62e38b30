// Command bundle makes an application bundle of macOS, a folder NAME.app, around the
// program of one or more architectures. The same files always give the same bytes.
//
//	bundle [-resources FOLDER] -version VERSION NAME.app PROGRAM...
//
// The signature is ad hoc: it has no certificate. Where it is to be another one, sign
// the bundle anew, by codesign. The command must run in the root of the repository, where
// the pictures of the icon are.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"howett.net/plist"
)

const (
	identifier = "dev.colabtray.ColabTray"
	executable = "colab-tray"
	// minimumSystem is the oldest macOS for which Go makes programs.
	minimumSystem = "12.0"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("bundle: ")
	version := flag.String("version", "", "the program's `version`")
	resources := flag.String("resources", "", "a `folder` whose files become resources")
	flag.Parse()
	if flag.NArg() < 2 || *version == "" {
		log.Fatal("usage: bundle [-resources FOLDER] -version VERSION NAME.app PROGRAM...")
	}
	if err := makeBundle(flag.Arg(0), *version, *resources, flag.Args()[1:]); err != nil {
		log.Fatal(err)
	}
}

// makeBundle makes a bundle in the folder app, which must not exist.
func makeBundle(app, version, resources string, programs []string) error {
	if err := os.Mkdir(app, 0o755); err != nil {
		return err
	}
	contents := filepath.Join(app, "Contents")
	if resources != "" {
		if err := os.CopyFS(filepath.Join(contents, "Resources"), os.DirFS(resources)); err != nil {
			return err
		}
	}
	icon, err := appIcon()
	if err != nil {
		return err
	}
	if err := write(filepath.Join(contents, "Resources", "app.icns"), icon, 0o644); err != nil {
		return err
	}
	info, err := plist.MarshalIndent(infoOf(version), plist.XMLFormat, "\t")
	if err != nil {
		return err
	}
	if err := write(filepath.Join(contents, "Info.plist"), info, 0o644); err != nil {
		return err
	}
	seal, err := sealOf(contents)
	if err != nil {
		return err
	}
	if err := write(filepath.Join(contents, "_CodeSignature", "CodeResources"), seal, 0o644); err != nil {
		return err
	}
	program, err := universal(programs, info, seal)
	if err != nil {
		return err
	}
	return write(filepath.Join(contents, "MacOS", executable), program, 0o755)
}

// infoOf returns the content of Info.plist. A version there is numbers alone: what
// follows them is left out, but for the number of commits since the release.
func infoOf(version string) map[string]any {
	release, build, _ := strings.Cut(version, "+")
	release, _, _ = strings.Cut(release, "-")
	count, _, _ := strings.Cut(build, ".")
	if strings.Trim(count, "0123456789") != "" {
		count = ""
	}
	return map[string]any{
		"CFBundleDevelopmentRegion":     "en",
		"CFBundleDisplayName":           "Colab Tray",
		"CFBundleExecutable":            executable,
		"CFBundleIconFile":              "app",
		"CFBundleIdentifier":            identifier,
		"CFBundleInfoDictionaryVersion": "6.0",
		"CFBundleName":                  "Colab Tray",
		"CFBundlePackageType":           "APPL",
		"CFBundleShortVersionString":    release,
		"CFBundleVersion":               strings.TrimSuffix(release+"."+count, "."),
		"LSApplicationCategoryType":     "public.app-category.developer-tools",
		"LSMinimumSystemVersion":        minimumSystem,
		"LSUIElement":                   true,                                                   // it lives in the menu bar, and has no icon in the Dock
		"NSAppleEventsUsageDescription": "Colab Tray opens a shell of the runtime in Terminal.", // without it macOS refuses
		"NSHighResolutionCapable":       true,
		"NSHumanReadableCopyright":      "The Colab Tray authors. MIT licence.",
	}
}

// write writes a file, and makes the folders above it.
func write(path string, content []byte, mode os.FileMode) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, content, mode)
}

// sortedFiles returns the paths of the files below a folder, with slashes, relative to
// base.
func sortedFiles(base, folder string) ([]string, error) {
	var names []string
	err := filepath.WalkDir(filepath.Join(base, folder), func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if !d.Type().IsRegular() {
			return fmt.Errorf("%s is not a regular file", path)
		}
		name, err := filepath.Rel(base, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	slices.Sort(names)
	return names, err
}
