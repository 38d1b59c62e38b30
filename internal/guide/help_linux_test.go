package guide

import (
	"fmt"
	goruntime "runtime"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"colabtray"
	"colabtray/test/testenv"
)

// TestHelpInBrowser reads the page Help where there is no engine.
func TestHelpInBrowser(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	w := openWindow(t, r)
	w.wait("the state", `document.getElementById("state").textContent === "No engine"`)
	if w.text("versions-list") != "" {
		t.Error("versions were asked for that nobody sees")
	}
	w.openPage("help")
	w.wait("the versions", `document.querySelectorAll("#versions-list dt").length > 0`)
	want := []string{"Colab Tray", "1.2.3", "Image", r.profile.Image, "Go", strings.TrimPrefix(goruntime.Version(), "go") + ", linux/" + goruntime.GOARCH}
	if got := value[[]string](w, `[...document.getElementById("versions-list").children].map((e) => e.textContent)`); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("the versions are %q, not %q", got, want)
	}
	now := changesIn(colabtray.Changelog, r.Version)
	if got := w.text("changes-of"); got != now.Title {
		t.Errorf("the changes are of %q, not %q", got, now.Title)
	}
	for i, group := range now.Groups {
		if len(group.Items) == 0 {
			continue
		}
		if list := w.text("changes-list"); !strings.Contains(list, group.Items[len(group.Items)-1]) {
			t.Errorf("group %d is not in %q", i, list)
		}
	}
	w.do("open the licences", chromedp.Click("#licences-all > summary"))
	w.wait("the licences", `document.getElementById("licences-text").textContent.includes("---- github.com/docker/docker ")`)
	w.click("report")
	w.wait("the report", `document.getElementById("report-text").value === "the report of `+r.profile.Runtime+`"`)
	w.click("check-run")
	w.wait("a verdict", `document.getElementById("verdict").className === "fail"`)
	if steps := value[int](w, `document.querySelectorAll("#check-steps li").length`); steps == 0 {
		t.Error("the check shows no steps")
	}
	fix := `document.querySelector("#check-steps > li:last-child > button")`
	value[bool](w, `(showStep({status: "fail", name: "it", advice: "what helps", command: "colab-tray restart --settings", act: "repair", label: "Fix"}), true)`)
	if got := value[string](w, fix+`.textContent`); got != "Fix" {
		t.Errorf("the button for what helps is %q", got)
	}
	value[bool](w, "("+fix+".click(), true)")
	testenv.WaitFor(t, "the request", func() error {
		w.mu.Lock()
		defer w.mu.Unlock()
		if !slices.ContainsFunc(w.asked, func(address string) bool { return strings.HasSuffix(address, "/repair") }) {
			return fmt.Errorf("there were only %v", w.asked)
		}
		return nil
	})
	w.pictures("help")
}
