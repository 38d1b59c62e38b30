package guide

import (
	"reflect"
	"strings"
	"testing"

	"colabtray"
)

func TestChangesIn(t *testing.T) {
	const changelog = `# Changelog

All notable changes.

## [Unreleased]

What will be.

### Added

- **New**: a ` + "`command`" + ` that
  *goes
  on*.
- Another.

## [0.2.0] - 2027-01-02

### Fixed

- It [works].

## [0.1.0] - 2026-12-01

- First.

[0.1.0]: https://example.org
`
	unreleased := changes{"Unreleased", []changesGroup{
		{"", []string{"What will be."}}, {"Added", []string{"New: a command that goes on.", "Another."}},
	}}
	for version, want := range map[string]changes{
		"0.2.0":                 {"0.2.0 - 2027-01-02", []changesGroup{{"Fixed", []string{"It works."}}}},
		"v0.2.0":                {"0.2.0 - 2027-01-02", []changesGroup{{"Fixed", []string{"It works."}}}},
		"0.1.0-5-gabcdef-dirty": unreleased,
		"dev":                   unreleased,
	} {
		if got := changesIn(changelog, version); !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v", version, got)
		}
	}
	for _, empty := range []string{"", "# Changelog\n", "## \n- x\n"} {
		if got := changesIn(empty, "1"); got.Title != "" || len(got.Groups) != 0 {
			t.Errorf("%q: got %+v", empty, got)
		}
	}
	own := changesIn(colabtray.Changelog, "dev")
	if own.Title == "" || len(own.Groups) == 0 || len(own.Groups[len(own.Groups)-1].Items) == 0 {
		t.Errorf("of the program itself: %+v", own)
	}
	for _, group := range own.Groups {
		for _, item := range group.Items {
			if strings.ContainsAny(item, "`\n") || strings.HasPrefix(item, "- ") {
				t.Errorf("Markdown is left in %q", item)
			}
		}
	}
}
