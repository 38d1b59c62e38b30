package guide

import (
	"strings"

	"colabtray/test/testenv"
)

// startKernel starts a kernel for a notebook.
func (r *rig) startKernel(notebook string) {
	r.t.Helper()
	u := r.manager.Snapshot().URL
	testenv.OpenNotebook(r.t, u.Port(), u.Token().Reveal(), notebook, `{"name": "python3"}`)
}

// freeKernels lets the page of a ready runtime list kernels, and shuts one down there.
func (w *window) freeKernels(r *rig) {
	w.t.Helper()
	asked := func() (count int) {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, address := range w.asked {
			if strings.HasSuffix(address, "/kernels") {
				count++
			}
		}
		return count
	}
	w.openPage("help")
	before := asked()
	value[bool](w, `lookAtKernels().then(() => true)`)
	if now := asked(); now != before {
		w.t.Errorf("the kernels are asked for %d times while nobody sees them", now-before)
	}

	r.startKernel("deep/<b>.ipynb")
	r.startKernel("two.ipynb")
	w.turnTo("kernels")
	const row = `[...document.querySelectorAll("#kernels-list tr")].find((r) => r.textContent.includes("deep/<b>.ipynb"))`
	w.wait("two kernels", `document.getElementById("kernels-list").textContent.includes("two.ipynb") && `+row+`?.querySelector(".memory").textContent.includes("MB")`)
	w.pictures("kernels")
	value[bool](w, `(`+row+`.querySelector("button").click(), true)`)
	w.wait("the question", `!document.getElementById("kernels-question").hidden &&
		document.getElementById("kernels-why").textContent.includes("deep/<b>.ipynb") && document.activeElement.id === "kernels-no"`)
	w.click("kernels-no")
	w.wait("no question", `document.getElementById("kernels-question").hidden && document.activeElement.getAttribute("aria-label") === "Free deep/<b>.ipynb"`)
	value[bool](w, `(document.activeElement.click(), true)`)
	w.click("kernels-yes")
	w.wait("what is freed", `document.getElementById("kernels-note").textContent.startsWith("One kernel shut down:")`)
	w.wait("the other kernel", `!`+row+` && document.getElementById("kernels-list").textContent.includes("two.ipynb") && document.activeElement.id === "kernels-free"`)

	w.click("kernels-free")
	w.wait("the question", `!document.getElementById("kernels-question").hidden`)
	w.click("kernels-yes")
	w.wait("what is idle", `/^(No kernel is idle|.+ shut down)/.test(document.getElementById("kernels-note").textContent)`)
}
