package packaging

import (
	"archive/zip"
	"bytes"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"debug/pe"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"colabtray/test/testenv"
)

const certificatePassword = "of the test's throw-away certificate"

// makeCertificate makes a certificate that signs programs, as cert.pem and, with its
// key, as both.p12.
func makeCertificate(folder string) error {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "Colab Tray test"},
		NotBefore: time.Unix(1700000000, 0), NotAfter: time.Unix(4000000000, 0),
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
	}
	certificate, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	for name, block := range map[string]*pem.Block{
		"cert.pem": {Type: "CERTIFICATE", Bytes: certificate}, "key.pem": {Type: "PRIVATE KEY", Bytes: secret},
	} {
		if err := os.WriteFile(filepath.Join(folder, name), pem.EncodeToMemory(block), 0o600); err != nil {
			return err
		}
	}
	export := exec.Command("openssl", "pkcs12", "-export", "-in", "cert.pem", "-inkey", "key.pem", "-out", "both.p12", "-passout", "pass:"+certificatePassword)
	export.Dir = folder
	if out, err := export.CombinedOutput(); err != nil {
		return fmt.Errorf("openssl: %w\n%s", err, out)
	}
	return nil
}

// TestWindowsPrograms looks into the zip: one program is for the console, so that pipes
// and exit codes work, one for the desktop, so that no console opens. Both carry icon,
// version, manifest and signature.
func TestWindowsPrograms(t *testing.T) {
	t.Parallel()
	archive, err := zip.OpenReader(filepath.Join(dist(t), "colab-tray-"+version+"-windows-amd64.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	for name, subsystem := range map[string]uint16{
		"colab-tray.exe": pe.IMAGE_SUBSYSTEM_WINDOWS_CUI, "Colab Tray.exe": pe.IMAGE_SUBSYSTEM_WINDOWS_GUI,
	} {
		content := extract(t, archive, "colab-tray-"+version+"-windows-amd64/"+name)
		program, err := pe.NewFile(bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		if header, is := program.OptionalHeader.(*pe.OptionalHeader64); !is || header.Subsystem != subsystem {
			t.Errorf("%s is not of the subsystem %d", name, subsystem)
		}
		hasResources(t, name, program, "consoleAllocationPolicy", "\x89PNG", utf16("0.1.0.0"), utf16("Colab Tray"))
		path := filepath.Join(t.TempDir(), "program.exe")
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		isSigned(t, path)
	}
}

// TestWindowsInstaller holds that the installer is one for this processor, asks for no
// rights of an administrator and is signed.
func TestWindowsInstaller(t *testing.T) {
	t.Parallel()
	path := filepath.Join(dist(t), "colab-tray-"+version+"-windows-amd64-setup.exe")
	program, err := pe.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer program.Close()
	if program.Machine != pe.IMAGE_FILE_MACHINE_AMD64 {
		t.Errorf("it is for the machine %#x", program.Machine)
	}
	hasResources(t, "the installer", program, `level="asInvoker"`, utf16(version), utf16("Installs Colab Tray"))
	isSigned(t, path)
}

func extract(t *testing.T, archive *zip.ReadCloser, name string) []byte {
	t.Helper()
	file, err := archive.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	content, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func hasResources(t *testing.T, name string, program *pe.File, wanted ...string) {
	t.Helper()
	section := program.Section(".rsrc")
	if section == nil {
		t.Fatalf("%s has no resources", name)
	}
	resources, err := section.Data()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range wanted {
		if !bytes.Contains(resources, []byte(want)) {
			t.Errorf("the resources of %s have no %q", name, want)
		}
	}
}

func utf16(ascii string) string {
	var out strings.Builder
	for _, c := range []byte(ascii) {
		out.Write([]byte{c, 0})
	}
	return out.String()
}

func isSigned(t *testing.T, path string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "osslsigncode", "verify", "-CAfile", filepath.Join(certificateFolder, "cert.pem"), "-in", path).CombinedOutput()
	if err != nil {
		t.Errorf("the signature of %s: %v\n%s", filepath.Base(path), err, out)
	}
}

// TestInstallerScript holds that NSIS takes the installer's script for each processor
// and in each language, without a warning, compressed as that of a release is.
func TestInstallerScript(t *testing.T) {
	t.Parallel()
	testenv.NeedCommand(t, "makensis")
	for _, target := range []string{"amd64-unicode", "x86-unicode"} {
		folder := t.TempDir()
		for _, name := range []string{"files/colab-tray.exe", "files/Colab Tray.exe", "files.nsh"} {
			path := filepath.Join(folder, name)
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		makeInstaller(t, target, version, filepath.Join(folder, "files"), filepath.Join(folder, "colab-tray-setup.exe"))
	}
}

// makeInstaller makes an installer of a folder, without a signature.
func makeInstaller(t *testing.T, target, version, files, out string, options ...string) {
	t.Helper()
	options = append([]string{
		"-NOCONFIG", "-WX", "-V2", "-DTARGET=" + target, "-DVERSION=" + version, "-DNUMBER=0.1.0.0",
		"-DHOMEPAGE=https://colabtray.invalid", "-DSIGN=true", "-DFILES=" + files, "-DOUT=" + out,
	}, options...)
	make := exec.CommandContext(t.Context(), "makensis", append(options, "windows/installer.nsi")...)
	if said, err := make.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", target, err, said)
	}
}

// TestIdentity holds that the installer and the program name themselves alike to
// Windows: else notifications come from nobody.
func TestIdentity(t *testing.T) {
	program, installer := read(t, "../internal/notify/server_windows.go"), read(t, "windows/installer.nsi")
	for _, name := range []string{"AUMID", "ACTIVATOR"} {
		got := found(regexp.MustCompile(`!define `+name+` "([^"]+)"`), installer)
		if len(got) != 1 || !strings.Contains(program, got[0]) {
			t.Errorf("the program does not have %s %q", name, got)
		}
	}
}

// TestWinget holds that make-dist knows each name that is to be filled in, and that what
// the manifest calls the package is what the installer calls it.
func TestWinget(t *testing.T) {
	templates, err := filepath.Glob("windows/winget/*.in")
	if err != nil || len(templates) != 3 {
		t.Fatalf("the templates are %v, %v", templates, err)
	}
	for _, template := range templates {
		for _, name := range found(regexp.MustCompile(`@([A-Z0-9]+)@`), read(t, template)) {
			if !slices.Contains([]string{"VERSION", "HOMEPAGE", "DATE", "AMD64", "ARM64"}, name) {
				t.Errorf("%s has @%s@, which nothing fills in", template, name)
			}
		}
	}
	if !strings.Contains(read(t, "windows/installer.nsi"), `!define NAME "Colab Tray"`) ||
		!strings.Contains(read(t, "windows/winget/ColabTray.ColabTray.installer.yaml.in"), "\nProductCode: Colab Tray\n") {
		t.Error("installer and winget have two names for one package")
	}
}
