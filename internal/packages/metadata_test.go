package packages

import (
	"slices"
	"testing"
)

func TestDirectRequirement(t *testing.T) {
	for source, want := range map[string]string{
		`{"url": "https://github.com/me/greeter", "vcs_info": {"vcs": "git", "commit_id": "0123456789abcdef"}}`: "greeter @ git+https://github.com/me/greeter@0123456789abcdef",
		`{"url": "https://example.org/greeter-1.5-py3-none-any.whl", "archive_info": {}}`:                       "greeter @ https://example.org/greeter-1.5-py3-none-any.whl",
		`{"url": "file:///home/jovyan/greeter", "dir_info": {"editable": true}}`:                                "",
		`{"url": "https://example.org/g", "vcs_info": {"vcs": "git", "commit_id": "main --index-url=x"}}`:       "",
		`{"url": "https://example.org/g", "vcs_info": {"vcs": "hg", "commit_id": "0123456789"}}`:                "",
		`{"url": "https://example.org/g --index-url=http://evil"}`:                                              "",
		`{"url": "https://example.org/g\n--index-url=http://evil"}`:                                             "",
		`{"url": "https://me:secret@example.org/g"}`:                                                            "",
		`{"url": "http://example.org/g"}`:                                                                       "",
		`[]`:                                                                                                    "",
		``:                                                                                                      "",
	} {
		if got := directRequirement("greeter", []byte(source)); got != want {
			t.Errorf("%s: %q, want %q", source, got, want)
		}
	}
}

func TestVolumePackages(t *testing.T) {
	const printed = "begin\n" +
		`{"dir": "/data/.local/lib/python3.12/site-packages", "name": "greeter", "version": "1.5", "requested": false}` + "\n" +
		`{"dir": "/data/../etc", "name": "outside", "version": "1", "requested": false}` + "\n" +
		`{"dir": "/data", "name": "no name", "version": "1", "requested": false}` + "\n" +
		`{"dir": "/data", "name": "cut`
	found, complete := volumePackages(printed, []string{"/data"})
	if complete || len(found) != 1 || found[0].Name != "greeter" || !found[0].Survives || !found[0].Requested {
		t.Errorf("found %+v, complete: %t", found, complete)
	}
}

func TestNames(t *testing.T) {
	for requirement, want := range map[string]string{
		"polars": "polars", " scikit-learn == 1.5": "scikit-learn", "torch[cuda]>=2": "torch", "a @ https://x/y": "a", "": "", "./x": "",
	} {
		if got := NameOf(requirement); got != want {
			t.Errorf("the name in %q is %q", requirement, got)
		}
	}
	if !SameName("Scikit_Learn", "scikit-learn") || SameName("a", "b") {
		t.Error("names are not compared as PEP 503 says")
	}
	list := List{Packages: []Package{{Name: "A", Requested: true, Requirement: "A==1"}, {Name: "b", Requested: true, Requirement: "b==1"}}}
	list.MarkKept([]string{"a>=1"})
	if keep := list.ToKeep(); !slices.Equal(keep, []string{"b==1"}) {
		t.Errorf("to keep: %q", keep)
	}
}
