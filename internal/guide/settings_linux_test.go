package guide

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"colabtray/internal/config"
)

// TestSettingsInBrowser writes and reads back settings of each kind in the page, and
// what somebody else writes meanwhile is neither lost nor hidden.
func TestSettingsInBrowser(t *testing.T) {
	t.Parallel()
	r := withoutEngine(t)
	const before = "# mine\n[profiles.jupyter] # p\nenv = {A = 'hunter2'} # e\n# end\n"
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(r.file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file := func() string {
		t.Helper()
		text, err := os.ReadFile(r.file)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	write(before)
	w := openWindow(t, r)
	w.openPage("settings")
	w.wait("the settings", `document.getElementById("settings-profile-port")`)
	note := func(part string) {
		t.Helper()
		w.wait(part, fmt.Sprintf(`document.getElementById("settings-note").textContent.includes(%q)`, part))
	}
	shows := func(id, value string) {
		t.Helper()
		w.wait(id, fmt.Sprintf(`document.getElementById("settings-%s").value === %q`, id, value))
	}
	inFile := func(part string) {
		t.Helper()
		if got := file(); !strings.Contains(got, part) || !strings.HasPrefix(got, "# mine\n[profiles.jupyter] # p\n") || !strings.HasSuffix(got, "# end\n") && !strings.Contains(got, "# end\n\n[") {
			t.Errorf("%q is not in the file, or what was there is gone:\n%s", part, got)
		}
	}
	typeInto := func(id, text string) {
		t.Helper()
		w.do("type into "+id, chromedp.Focus("#settings-"+id))
		value[bool](w, fmt.Sprintf(`(document.getElementById("settings-%s").select(), true)`, id))
		w.do("type into "+id, chromedp.SendKeys("#settings-"+id, text))
	}
	press := func(id, verb string) {
		t.Helper()
		button := fmt.Sprintf(`[...document.getElementById("settings-%s").closest(".setting").querySelectorAll("button")].find((b) => b.textContent === %q)`, id, verb)
		w.wait(verb, button+"?.checkVisibility()")
		value[bool](w, "("+button+".click(), true)")
	}

	// What is typed is checked at the field, and nothing is written.
	typeInto("profile-port", "99999")
	w.wait("what is wrong", `document.getElementById("settings-profile-port-wrong").textContent.includes("1 to 65535")`)
	if got := value[string](w, `document.getElementById("settings-profile-port").getAttribute("aria-invalid")`); got != "true" || file() != before {
		t.Errorf("aria-invalid is %s; the file is\n%s", got, file())
	}
	press("profile-port", "Save")
	note("1 to 65535")
	if file() != before {
		t.Errorf("what is wrong was written:\n%s", file())
	}
	typeInto("profile-port", "9123"+kb.Enter)
	note("The next start of the runtime applies it")
	inFile("\nport = 9123\n")

	if got := w.text("settings-profile-platform-default"); !strings.Contains(got, "COLAB_TRAY_TEST") {
		t.Errorf("what overrides the platform is not told: %q", got)
	}

	// A switch, a choice, lines and variables.
	value[bool](w, `(document.getElementById("settings-preferences-stop_on_quit").click(), true)`)
	note("Saved.")
	w.wait("the switch", `document.getElementById("settings-preferences-stop_on_quit").checked`)
	if got := value[string](w, `(() => { const g = document.getElementById("settings-profile-token"); return [g.getAttribute("role"), document.getElementById(g.getAttribute("aria-labelledby")).textContent, g.querySelectorAll("input[type=radio]").length, g.querySelector("input:checked").parentElement.textContent].join("|"); })()`); got != "radiogroup|Token|3|Default (fresh)" {
		t.Errorf("the choice of a token is %q", got)
	}
	w.do("choose by mouse", chromedp.Click(`#settings-profile-token input[value="keep"]`))
	w.wait("the choice", `settings.fields.find((f) => f.place === "profile.token").value === "keep"`)
	typeInto("profile-packages", "polars"+kb.Enter+"scikit-learn==1.5")
	press("profile-packages", "Save")
	w.wait("the lines", `settings.fields.find((f) => f.place === "profile.packages").value === "polars\nscikit-learn==1.5"`)
	shows("profile-env", "A=[redacted]")
	typeInto("profile-env", "A=[redacted]"+kb.Enter+"B=two")
	press("profile-env", "Save")
	shows("profile-env", "A=[redacted]\nB=[redacted]")
	inFile("env = {A = 'hunter2', B = \"two\"} # e\n")
	inFile("packages = [\"polars\", \"scikit-learn==1.5\"]\n")
	inFile("token = \"keep\"\n")
	if html := value[string](w, `document.documentElement.outerHTML + JSON.stringify(settings)`); strings.Contains(html, "hunter2") {
		t.Error("the page has the secret")
	}
	for _, address := range w.asked {
		if strings.Contains(address, "two") {
			t.Errorf("the value is in the address %s", address)
		}
	}
	press("profile-packages", "Use the default")
	w.wait("no packages", `!settings.fields.find((f) => f.place === "profile.packages").stated`)

	// One click undoes the latest change, and another the one before.
	w.click("settings-undo")
	note("undone")
	shows("profile-packages", "polars\nscikit-learn==1.5")
	w.click("settings-undo")
	shows("profile-env", "A=[redacted]")

	// What somebody else writes is shown, and what is being typed stays.
	typeInto("profile-memory", "8g")
	write(strings.Replace(file(), "port = 9123", "port = 9124\nmemory = \"4g\" # other", 1))
	shows("profile-port", "9124")
	note("changed elsewhere")
	w.wait("the other value", `document.getElementById("settings-profile-memory-wrong").textContent.includes("4g")`)
	shows("profile-memory", "8g")
	press("profile-memory", "Save")
	note("Saved")
	inFile("memory = \"8g\" # other\n")

	// The later of two writers is told, and writes nothing.
	typeInto("profile-cpus", "2")
	value[bool](w, `(settings.revision = "another", document.activeElement.dispatchEvent(new KeyboardEvent("keydown", {key: "Enter"})), true)`)
	note("changed elsewhere")
	if strings.Contains(file(), "cpus") {
		t.Errorf("the later writer wrote:\n%s", file())
	}
	shows("profile-cpus", "2")
	press("profile-cpus", "Save")
	note("Saved")
	inFile("cpus = 2\n")

	// What a built-in profile is is told where one is chosen.
	choices := value[string](w, `document.getElementById("settings-file-profile").textContent`)
	for name, p := range config.BuiltIn() {
		if !strings.Contains(choices, name+p.About()) {
			t.Errorf("%s is not explained in %q", name, choices)
		}
	}

	// Profiles.
	typeInto("name", "mine")
	w.click("settings-copy")
	note("is a copy of jupyter")
	shows("profile", "mine")
	shows("profile-port", "9125")
	typeInto("profile-image", "quay.io/x/y"+kb.Enter)
	w.wait("its image", `settings.fields.find((f) => f.place === "profile.image").stated`)
	typeInto("name", "yours")
	w.click("settings-rename")
	note("is called yours now")
	settings, err := config.Load(config.Sources{File: r.file})
	if p := settings.Profiles["yours"]; err != nil || p.Runtime != "local-mine-runtime" || p.Image != "quay.io/x/y" || p.Env[0].Value.Reveal() != "hunter2" {
		t.Errorf("the profile is %+v, %v", p, err)
	}
	w.click("settings-remove")
	w.wait("the question", `document.getElementById("settings-why").textContent.includes("local-mine-runtime")`)
	w.pictures("settings-question")
	w.click("settings-yes")
	note("is removed")
	shows("profile", "jupyter")
	typeInto("name", "a b")
	w.click("settings-add")
	note("cannot be")
	if settings, err := config.Load(config.Sources{File: r.file}); err != nil || len(settings.Profiles) != len(config.BuiltIn()) {
		t.Errorf("there are %v, %v", settings.Profiles, err)
	}

	// What only another kind of engine reads is not offered, unless the file has it.
	offered := func(about string, want bool, places ...string) {
		t.Helper()
		for _, place := range places {
			w.wait(about+": "+place, fmt.Sprintf(`document.getElementById("settings-profile-%s").closest(".setting").hidden !== %t`, place, want))
		}
	}
	offered("an engine here", true, "folders", "memory")
	offered("an engine here", false, "data_size", "tolerations")
	typeInto("profile-engine", "kubernetes://"+kb.Enter)
	offered("a cluster", false, "folders")
	offered("a cluster", true, "data_size", "memory")
	typeInto("profile-data_size", "50g"+kb.Enter)
	w.wait("its size", `settings.fields.find((f) => f.place === "profile.data_size").stated`)
	w.click("settings-undo")
	offered("a cluster and no size", true, "data_size")
	w.wait("no size", `!settings.fields.find((f) => f.place === "profile.data_size").stated`)
	w.click("settings-undo")
	offered("an engine here again", false, "data_size")

	value[bool](w, `(document.getElementById("settings-login").click(), true)`)
	w.wait("the start at login", `settings.login`)
	w.pictures("settings")

	// Every setting is written and read back.
	for _, wrong := range value[[]string](w, `(async () => {
		const examples = {
			"file.profile": "classic", "profile.name": "my-runtime", "profile.image": "quay.io/x/y:1", "profile.kind": "jupyter", "profile.port": "9999",
			"profile.ports": "6006\n7860:7861", "profile.gpu": '["0", "GPU-uuid"]', "profile.memory": "8g", "profile.cpus": "2.5", "profile.shm_size": "2g",
			"profile.env": "A=[redacted]", "profile.packages": "polars\nscikit-learn==1.5", "profile.command": "jupyter\nlab", "profile.token": "keep", "profile.wake": "false",
			"profile.idle_stop": "30m", "profile.platform": "linux/arm64", "profile.engine": "ssh://gpubox", "profile.user": "root", "preferences.start_at_open": "true",
			"profile.gpu_resource": "amd.com/gpu", "profile.node_selector": "pool=gpu", "profile.tolerations": "nvidia.com/gpu:NoSchedule",
			"profile.pull_secret": "registry", "profile.storage_class": "fast-ssd", "profile.data_size": "50g",
			"preferences.stop_on_quit": "false", "preferences.icon": "dark", "preferences.language": "en", "preferences.clear_clipboard": "30s",
			"notifications.ready": "false", "notifications.url_changed": "false", "notifications.stopped": "false", "notifications.failed": "false",
			"notifications.idle": "false", "notifications.newer_image": "false", "preferences.newer_image": "false", "notifications.progress": "false",
		};
		const wrong = [];
		for (const [place, control] of settingControls) {
			const example = examples[place];
			if (example === undefined) {
				if (!["profile.folders", "profile.env_file"].includes(place)) wrong.push("no example of " + place);
				continue;
			}
			if (control.kind === "switch") control.input.checked = example === "true";
			else control.input.value = example;
			await control.put();
			if (control.field.value !== example || !control.field.stated) wrong.push(place + ": " + JSON.stringify(control.field) + $("settings-note").textContent);
		}
		return wrong;
	})()`) {
		t.Error(wrong)
	}
	all, err := config.Load(config.Sources{File: r.file})
	if p := all.Profiles["jupyter"]; err != nil || all.Profile.Name != "classic" || p.CPUs != 2.5 || len(p.Ports) != 2 || p.Env[0].Value.Reveal() != "hunter2" || p.User != "root" {
		t.Errorf("the settings are %+v, %v", p, err)
	}

	// A change that is told while the page asks for an earlier one is not forgotten.
	if missed := value[string](w, `(async () => { askSettings(""); followSettings("another"); await settingsQueue; return settingsMissed; })()`); missed != "" {
		t.Errorf("the revision %q is not followed", missed)
	}

	write("port")
	w.wait("what is wrong with the file", `!document.getElementById("settings-broken").hidden && document.getElementById("settings-profiles").hidden`)
	write(before)
	w.wait("the settings again", `document.getElementById("settings-broken").hidden && !document.getElementById("settings-profiles").hidden`)
}
