// Package packaging holds what goes around the program in its packages, and
// the tests that the packages can be installed, used and removed.
package packaging

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"colabtray/test/testenv"
)

// The version that the tests make packages of: one between two releases.
const version = "0.1.0+3.gabcdef0"

var linux = "linux-" + runtime.GOARCH

// dist makes the packages for this machine, for Windows and for macOS, once, and returns
// the folder.
func dist(t *testing.T) string {
	t.Helper()
	needTools(t)
	distOnce.Do(func() {
		if distErr = makeCertificate(certificateFolder); distErr == nil {
			distErr = makeDist(distFolder)
		}
	})
	if distErr != nil {
		t.Fatal(distErr)
	}
	return distFolder
}

var (
	distFolder, certificateFolder string

	distOnce sync.Once
	distErr  error
)

func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "colab-tray-dist-")
	if err != nil {
		panic(err)
	}
	distFolder, certificateFolder = filepath.Join(folder, "dist"), filepath.Join(folder, "certificate")
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// needTools skips the test where the tools that make-dist runs cannot be had.
func needTools(t *testing.T) {
	t.Helper()
	if !testenv.Full() {
		t.Skip("to build for all systems takes long: that is done where CI is set")
	}
	testenv.DependOnTree()
	toolsOnce.Do(func() {
		tool := exec.Command("go", "run", "github.com/goreleaser/nfpm/v2/cmd/nfpm@v2.45.0", "--help")
		tool.Env = append(os.Environ(), "GOFLAGS=-trimpath", "CGO_ENABLED=0") // as make-dist has it built
		toolsErr = tool.Run()
	})
	testenv.Need(t, "the Go module proxy, which has nfpm", toolsErr == nil)
	for _, command := range []string{"makensis", "osslsigncode", "openssl"} {
		testenv.NeedCommand(t, command)
	}
}

var (
	toolsOnce sync.Once
	toolsErr  error
)

func makeDist(folder string) error {
	cmd := exec.Command("./make-dist", linux, "windows-amd64", "macos", "source")
	cmd.Env = append(os.Environ(), "VERSION="+version, "SOURCE_DATE_EPOCH=1767225600", "DIST="+folder, "QUICK=yes",
		"WINDOWS_CERTIFICATE="+filepath.Join(certificateFolder, "both.p12"), "WINDOWS_CERTIFICATE_PASSWORD="+certificatePassword,
		"WINDOWS_TIMESTAMP_URL=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%v: %w\n%s", cmd, err, out)
	}
	return nil
}

// TestReproducible makes everything a second time and compares the bytes.
func TestReproducible(t *testing.T) {
	t.Parallel()
	first, second := dist(t), t.TempDir()
	if err := makeDist(second); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(first)
	if err != nil {
		t.Fatal(err)
	}
	// deb, rpm, apk, Arch's, tar.gz, two zips, installer, an SBOM of each system, the source
	// with what builds it, and the checksums.
	if len(entries) != 15 {
		t.Fatalf("make-dist made %v", entries)
	}
	for _, entry := range entries {
		a, err := os.ReadFile(filepath.Join(first, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		b, err := os.ReadFile(filepath.Join(second, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(a, b) {
			t.Errorf("%s is not the same when it is made again", entry.Name())
		}
	}
}

// TestDesktopEntry holds the desktop entry and the metainfo to their
// specifications, by the checkers of freedesktop.org.
func TestDesktopEntry(t *testing.T) {
	t.Parallel()
	for _, check := range [][]string{
		{"desktop-file-validate", "dev.colabtray.ColabTray.desktop"},
		{"appstreamcli", "validate", "--no-net", "dev.colabtray.ColabTray.metainfo.xml"},
	} {
		t.Run(check[0], func(t *testing.T) {
			testenv.NeedCommand(t, check[0])
			if out, err := exec.CommandContext(t.Context(), check[0], check[1:]...).CombinedOutput(); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
		})
	}
}

// TestManPage holds the man page to mandoc's style. Which other manuals are
// installed is a matter of the machine, not of the page, so that what mandoc
// says of references is left out.
func TestManPage(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "mandoc")
	lint := exec.CommandContext(t.Context(), "mandoc", "-T", "lint", "-W", "style", "../docs/colab-tray.1")
	// The exit status tells of the references as well, so that the lines decide.
	out, _ := lint.CombinedOutput()
	if !lint.ProcessState.Exited() {
		t.Fatalf("mandoc did not end: %s", out)
	}
	for line := range strings.Lines(string(out)) {
		if !strings.Contains(line, "referenced manual not found") && !strings.Contains(line, "outdated mandoc.db") {
			t.Error(strings.TrimSpace(line))
		}
	}
}
