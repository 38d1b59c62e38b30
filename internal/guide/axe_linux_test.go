package guide

import (
	"fmt"
	"os"

	"colabtray/test/testenv"
)

// pages are the names of the window's pages.
var pages = []string{"runtime", "connect", "files", "resources", "settings", "help"}

// openPage shows the page with the name as a click on its link does.
func (w *window) openPage(name string) {
	w.t.Helper()
	value[bool](w, fmt.Sprintf(`(document.querySelector('#pages a[href="#/%s"]').click(), true)`, name))
	w.wait("the page "+name, fmt.Sprintf(`!document.querySelector(".page[data-page=%[1]s]").hidden && !document.querySelector(".page[data-page=%[1]s] [aria-busy=true]")`, name))
}

// withoutBarriers looks at each page in narrow and wide windows, light and dark: axe
// must find nothing there, and nothing may be wider than the window.
func (w *window) withoutBarriers() {
	w.t.Helper()
	const file = "../../test/axe/node_modules/axe-core/axe.min.js"
	axe, err := os.ReadFile(file)
	testenv.Need(w.t, "axe-core", err == nil)
	value[bool](w, string(axe)+"; true")
	// A picture without a text is found, so that no finding means something.
	if found := value[int](w, `(async () => {
		const barrier = document.body.appendChild(document.createElement("img"));
		const found = await axe.run(barrier);
		barrier.remove();
		return found.violations.length;
	})()`); found == 0 {
		w.t.Error("axe does not find that a picture has no text")
	}
	for i, name := range pages {
		w.openPage(name)
		w.pictures("page-" + name)
		for _, width := range []int64{360, 700, 1600} {
			// Every page is looked at in both, and each width.
			dark := (i+int(width))%2 == 0
			w.size(width, 900, dark)
			if wide := value[int64](w, `document.documentElement.scrollWidth`); wide > width {
				w.t.Errorf("the page %s is %d px wide in a window of %d", name, wide, width)
			}
			for _, finding := range value[[]string](w, `axe.run().then((found) => found.violations.flatMap((v) =>
				v.nodes.map((n) => v.id + ": " + n.html.slice(0, 200) + " " + n.failureSummary.slice(0, 300))))`) {
				w.t.Errorf("%s, %d px, dark: %v: %s", name, width, dark, finding)
			}
		}
	}
	w.size(1100, 900, false)
}
