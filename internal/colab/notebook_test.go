package colab

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

func TestParseNotebook(t *testing.T) {
	for address, want := range map[string]string{
		"https://github.com/U/R/blob/main/a/p.ipynb":                          "github/U/R/blob/main/a/p.ipynb | p.ipynb (U/R)",
		" www.GitHub.com/u-1/r.x/blob/v1/My%20Book.ipynb?plain=1#L3 ":         "github/u-1/r.x/blob/v1/My%20Book.ipynb | My Book.ipynb (u-1/r.x)",
		"https://raw.githubusercontent.com/U/R/refs/heads/main/p.ipynb":       "github/U/R/blob/main/p.ipynb | p.ipynb (U/R)",
		"https://raw.githubusercontent.com/U/R/v1/p.ipynb":                    "github/U/R/blob/v1/p.ipynb | p.ipynb (U/R)",
		"https://gist.github.com/U/0123456789abcdef0123#file-a-ipynb":         "gist/U/0123456789abcdef0123 | Gist 0123456789abcdef0123 (U)",
		"https://drive.google.com/file/d/1A-b_C2defghi/view?usp=sharing":      "drive/1A-b_C2defghi | Drive 1A-b_C2defghi",
		"https://drive.google.com/file/u/1/d/1A-b_C2defghi/edit":              "drive/1A-b_C2defghi | Drive 1A-b_C2defghi",
		"https://drive.google.com/open?id=1A-b_C2defghi":                      "drive/1A-b_C2defghi | Drive 1A-b_C2defghi",
		"http://colab.research.google.com/drive/1A-b_C2defghi?authuser=1#x=y": "drive/1A-b_C2defghi?authuser=1#x=y | Drive 1A-b_C2defghi",
		"https://colab.research.google.com/github/U/R/blob/main/p.ipynb":      "github/U/R/blob/main/p.ipynb | p.ipynb (U/R)",
		NewNotebookPage: "#create=true | ",
	} {
		n, err := ParseNotebook(address)
		if got := strings.TrimPrefix(n.URL, HomePage) + " | " + n.Name; err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", address, got, err, want)
		}
		if again, err := ParseNotebook(n.URL); err != nil || again != n {
			t.Errorf("%s again: %+v, %v", n.URL, again, err)
		}
	}
	for address, want := range map[string]string{
		"":                        "no address",
		"notebook.ipynb/x":        "notebook.ipynb",
		"/home/me/p.ipynb":        "no address",
		"file:///home/me/p.ipynb": "no address",
		"javascript:alert(1)":     "no address",
		"https://me@github.com/U/R/blob/m/p.ipynb":                                  "no address",
		"https://github.com:8443/U/R/blob/m/p.ipynb":                                "no address",
		"https://github.com/U/R/blob/../../x/p.ipynb":                               "no address",
		"https://github.com/U/R/blob/%2e%2e/x/p.ipynb":                              "no address",
		"https://github.com/U/R":                                                    "GitHub",
		"https://github.com/U/R/blob/main/README.md":                                "GitHub",
		"https://gist.github.com/U":                                                 "Gist",
		"https://drive.google.com/drive/folders/1AbCdE":                             "Drive",
		"https://example.com/p.ipynb":                                               "example.com",
		"https://github.com.example.com/U/R/blob/m/p.ipynb":                         "github.com.example.com",
		"https://colab.research.google.com.example.com/drive/1":                     "example.com",
		"https://github.com/U/R/blob/" + strings.Repeat("x", maxAddress) + ".ipynb": "no address",
	} {
		n, err := ParseNotebook(address)
		if err == nil || n != (Notebook{}) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.100s: %+v, %v; want words of %s", address, n, err, want)
		}
	}
}

func TestRecent(t *testing.T) {
	file := filepath.Join(t.TempDir(), "state", "notebooks.json")
	r := NewRecent(file)
	if got := r.List(); len(got) != 0 {
		t.Errorf("at first there are %v", got)
	}
	for _, i := range []int{1, 2, 3, 4, 5, 6, 3} {
		n, err := ParseNotebook(fmt.Sprintf("https://github.com/U/R/blob/main/%d.ipynb", i))
		if err == nil {
			err = r.Add(n)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := r.Add(Notebook{URL: NewNotebookPage}); err != nil {
		t.Error(err)
	}
	var names string
	for _, n := range NewRecent(file).List() {
		names += strings.TrimSuffix(n.Name, ".ipynb (U/R)")
	}
	if names != "36542" {
		t.Errorf("remembered are %s", names)
	}
	if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
		t.Errorf("the file is %v, %v", info.Mode(), err)
	}
	if err := r.Forget(); err != nil || len(r.List()) != 0 {
		t.Errorf("forgotten: %v, %v", r.List(), err)
	}
	if err := r.Forget(); err != nil {
		t.Error(err)
	}
	for _, text := range []string{"{}", "[1]", `["https://example.com/x"]`, "[", `["` + strings.Repeat("x", 1<<20)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := r.List(); len(got) != 0 {
			t.Errorf("of %.30s there are %v", text, got)
		}
	}
}
