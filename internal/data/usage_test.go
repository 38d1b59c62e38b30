package data

import (
	"encoding/base64"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

func TestParseUsage(t *testing.T) {
	const df = "/dev/sda1 100 40 60 40% /colab-tray-data\n"
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	got, err := parseUsage(encode(df + "1000\t.\n700\t./a b\n600\t./a b/x\ty\n70\t./a b/z\n40\t./a b/small\n200\t./.cache\nnew\nline\n90\t./.colab-tray-restore\n0\t./empty\n50\t/etc\n"))
	want := Usage{
		Bytes: 1000 << 10, Free: 60 << 10,
		Parts: []Part{
			{Name: "a b", Bytes: 700 << 10, Parts: []Part{{Name: "x\ty", Bytes: 600 << 10}, {Name: "z", Bytes: 70 << 10}}},
			{Name: ".cache", Bytes: 200 << 10, Parts: []Part{}},
		},
	}
	if fmt.Sprint(got) != fmt.Sprint(want) || err != nil {
		t.Errorf("got %v, %v", got, err)
	}
	var many strings.Builder
	for i := range usageLines {
		fmt.Fprintf(&many, "%d\t./%d\n%[1]d\t./0/%d\n", usageLines-i, i)
	}
	if got, err = parseUsage(encode(df + "9\t.\n" + many.String())); err != nil || len(got.Parts) != maxParts || len(got.Parts[0].Parts) != maxInner {
		t.Errorf("of many there are %d and %d, %v", len(got.Parts), len(got.Parts[0].Parts), err)
	}
	for _, bad := range []string{"", "x", "%%%", encode(""), encode(df), encode("1\t.\n"), encode(df + "-1\t.\n"), encode(df + "99999999999999999999\t.\n")} {
		if got, err := parseUsage(bad); err == nil {
			t.Errorf("%q is %v", bad, got)
		}
	}
}

// TestUsageScript runs the script with the tools of this computer.
func TestUsageScript(t *testing.T) {
	if _, err := exec.LookPath("du"); err != nil {
		t.Skip("there is no du")
	}
	dir := t.TempDir()
	name := filepath.Join("data", "a\nb")
	if err := os.MkdirAll(filepath.Join(dir, "data"), 0o755); err != nil {
		t.Fatal(err)
	}
	for file, size := range map[string]int{name: 1 << 20, "x": 300 << 10} {
		if err := os.WriteFile(filepath.Join(dir, file), make([]byte, size), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.CommandContext(t.Context(), "sh", "-c", usageScript, "sh", dir, strconv.Itoa(usageLines)).Output()
	if err != nil {
		t.Fatal(err)
	}
	told, whole := strings.CutSuffix(string(out), "\n"+outputEnd+"\n")
	if !whole {
		t.Errorf("the output has no end: %q", out)
	}
	// base64 breaks its lines, which the decoder takes.
	u, err := parseUsage(told)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range u.Parts {
		names = append(names, p.Name)
	}
	if !reflect.DeepEqual(names, []string{"data", "x"}) || u.Free <= 0 || u.Bytes < 1<<20 || u.Parts[0].Bytes < 1<<20 {
		t.Errorf("got %v", u)
	}
}
