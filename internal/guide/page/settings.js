// The page "Settings": the settings of a profile and of the program, in their file.
"use strict";

let form = { revision: "", profile: "", profiles: [], fields: [] };
const controls = new Map(); // the controls by the place of their setting
let asking = 0; // requests under way or waiting
let queue = Promise.resolve(); // the requests, one after the other
const next = new Map(); // the revision that a change of this page has made of another
let missed = ""; // the revision of the file that the server told meanwhile

function tellSettings(text, wrong = false) {
  $("settings-note").className = wrong ? "fail" : "";
  set($("settings-note"), text);
}

// askSettings asks for something and shows the settings as they are then. It returns
// the answer, null for none.
function askSettings(action, values = {}, body = "") {
  const all = { profile: form.profile, seen: form.revision, ...values };
  asking++;
  queue = queue.then(() => sendSettings(action, all, body));
  return queue;
}

async function sendSettings(action, values, body) {
  while (next.has(values.seen)) values.seen = next.get(values.seen);
  const response = await post(`/settings${action}?${new URLSearchParams(values)}`, undefined, body || null).catch(() => null);
  const answer = response && response.ok ? await response.json().catch(() => null) : null;
  asking--;
  if (!answer) {
    tellSettings(say("failed"), true);
    return null;
  }
  if (action && !answer.wrong) next.set(values.seen, answer.revision);
  next.delete(answer.revision); // it can be back, after an undo
  showSettings(answer);
  return answer;
}

// change asks for a change, and says what became of it.
async function change(action, values, body, done) {
  const answer = await askSettings(action, values, body);
  if (answer) tellSettings(answer.wrong || done, Boolean(answer.wrong));
  if (answer && !answer.wrong && answer.language !== words.lang && ![...controls.values()].some((c) => c.changed())) location.reload();
  if (missed) followSettings(missed);
  return answer && !answer.wrong;
}

// followSettings is told the revision that the file has.
async function followSettings(revision) {
  missed = asking ? revision : "";
  if (asking || revision === form.revision) return;
  const before = form.revision;
  await askSettings("");
  if (before && form.revision !== before) tellSettings(say("settings.followed"));
}

// applies tells when a setting is in force.
function applies(place) {
  if (!place.startsWith("profile.")) return say("settings.saved");
  if (place === "profile.name" && form.profile === now.profile) return say("settings.savedName");
  return say(form.exists ? "settings.savedRestart" : "settings.savedStart");
}

function showSettings(answer) {
  const others = answer.profile !== form.profile;
  form = answer;
  set($("settings-file"), form.file);
  enable($("settings-undo"), form.canUndo);
  $("settings").setAttribute("aria-busy", "false");
  $("settings-broken").hidden = !form.broken;
  set($("settings-broken"), form.broken || "");
  $("settings-profiles").hidden = $("settings-program").hidden = Boolean(form.broken);
  $("settings-login").checked = form.login;
  set($("settings-login-wrong"), form.loginWrong || "");
  if (form.broken) return;

  options($("settings-profile"), form.profiles.map((p) => [p.name, p.name]), form.profile);
  const profile = form.profiles.find((p) => p.name === form.profile);
  set($("settings-runtime"), say(profile.builtIn ? "settings.runtimeBuiltIn" : "settings.runtime", profile));
  enable($("settings-rename"), !profile.builtIn);
  enable($("settings-remove"), !profile.builtIn);
  if (others) $("settings-question").hidden = true;
  for (const field of form.fields) {
    let control = controls.get(field.place);
    if (!control) {
      control = new Control(field);
      controls.set(field.place, control);
    }
    control.show(field, others && field.place.startsWith("profile."));
  }
}

// options fills a select, unless it has these options already.
function options(select, all, value) {
  const text = JSON.stringify(all);
  if (select.dataset.options !== text) {
    select.dataset.options = text;
    select.replaceChildren(...all.map(([value, name]) => new Option(name, value)));
  }
  select.value = value;
}

// choice returns how a value is called.
function choice(place, value) {
  if (place !== "preferences.language" || value === "auto") return value;
  return new Intl.DisplayNames([value], { type: "language" }).of(value);
}

// Control is the part of the page for one setting.
class Control {
  constructor(field) {
    this.place = field.place;
    this.kind = field.input;
    const id = "settings-" + field.place.replace(".", "-");
    this.box = make("div", "setting");
    const label = make("label", "", say("settings.name." + field.place));
    label.htmlFor = id;
    const about = make("p", "quiet about", field.text);
    about.id = id + "-about";
    this.fallback = make("p", "quiet");
    this.fallback.id = id + "-default";
    this.wrong = make("p", "fail");
    this.wrong.id = id + "-wrong";
    this.wrong.setAttribute("aria-live", "polite");
    this.input = this.makeInput();
    this.input.id = id;
    this.input.setAttribute("aria-describedby", `${about.id} ${this.fallback.id} ${this.wrong.id}`);
    this.save = this.button("save", () => this.put());
    this.discard = this.button("discard", () => this.reset());
    this.unset = this.button("unset", () => this.put(""));
    const buttons = make("div", "buttons");
    buttons.append(this.save, this.discard, this.unset);
    if (this.kind === "switch") {
      label.prepend(this.input);
      this.box.append(label, about, this.fallback, this.wrong, buttons);
    } else {
      this.box.append(label, about, this.input, this.fallback, this.wrong, buttons);
    }
    const group = field.place.startsWith("profile.") ? "profile" : field.place.split(".")[0];
    $("settings-of-" + group).append(this.box);
  }

  makeInput() {
    let input;
    switch (this.kind) {
      case "switch":
        input = make("input");
        input.type = "checkbox";
        input.addEventListener("change", () => this.put());
        return input;
      case "choice":
      case "profile":
        input = make("select");
        input.addEventListener("change", () => this.put());
        return input;
      case "folders":
        input = make("a", "", say("settings.folders"));
        input.href = "#/files";
        return input;
      case "lines":
      case "numbers":
      case "variables":
        input = make("textarea");
        input.rows = 3;
        break;
      default:
        input = make("input");
        input.type = "text";
        input.addEventListener("keydown", (e) => { if (e.key === "Enter") this.put(); });
    }
    input.autocomplete = "off";
    input.autocapitalize = "off";
    input.spellcheck = false;
    input.maxLength = 20000; // the server takes that much
    input.addEventListener("input", () => this.typed());
    input.addEventListener("keydown", (e) => { if (e.key === "Escape") this.reset(); });
    return input;
  }

  button(name, act) {
    const button = make("button", "small", say("settings." + name));
    button.type = "button";
    button.hidden = true;
    button.setAttribute("aria-label", say("settings.one", { verb: say("settings." + name), name: say("settings.name." + this.place) }));
    button.addEventListener("click", () => {
      act();
      this.input.focus();
    });
    return button;
  }

  value() {
    return this.kind === "switch" ? String(this.input.checked) : this.input.value;
  }

  // changed returns whether something is typed that is not saved.
  changed() {
    return this.isText() && this.value() !== this.base;
  }

  isText() {
    return !["switch", "choice", "profile", "folders"].includes(this.kind);
  }

  // show shows the field as it is in the file. What is being typed stays, and who types
  // it is told if the file has another value now.
  show(field, anew) {
    const typing = !anew && this.base !== undefined && this.changed();
    const before = this.base;
    this.base = field.value;
    this.field = field;
    set(this.fallback, say(this.kind === "variables" || this.kind === "folders" || !field.default ? "settings.noDefault" : "settings.default", { value: this.called(field.default) }));
    if (this.kind === "variables") set(this.fallback, say("settings.variables"));
    if (this.kind === "folders" && field.value) set(this.fallback, field.value);
    const given = (form.overrides || {})[this.place];
    if (given) this.fallback.textContent += "\n" + say("settings.overridden", { source: given });
    if (!typing) this.reset();
    else if (before !== this.base) set(this.wrong, say("settings.otherNow", { value: this.base || say("settings.nothing") }));
    this.buttons();
  }

  called(value) {
    if (this.kind === "switch") return say(value === "true" ? "settings.on" : "settings.off");
    return choice(this.place, value);
  }

  reset() {
    const { field } = this;
    clearTimeout(this.later);
    if (this.kind === "switch") this.input.checked = (field.stated ? field.value : field.default) === "true";
    else if (this.input.matches("select")) {
      const first = ["", say("settings.useDefault", { value: this.called(field.default) })];
      options(this.input, [first, ...field.choices.map((c) => [c, choice(this.place, c)])], field.stated ? field.value : "");
    } else if (this.isText()) this.input.value = field.value;
    this.tell("");
    this.buttons();
  }

  buttons() {
    this.save.hidden = this.discard.hidden = !this.changed();
    this.unset.hidden = this.input.matches("select, a") || !this.field.stated || this.changed();
  }

  tell(wrong) {
    set(this.wrong, wrong);
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  // typed asks, once typing pauses, whether the file could have the value.
  typed() {
    clearTimeout(this.later);
    this.buttons();
    this.later = setTimeout(async () => {
      const text = this.value();
      const query = new URLSearchParams({ profile: form.profile, place: this.place });
      const response = await post("/settings/try?" + query, undefined, text || null).catch(() => null);
      if (response && response.ok && text === this.value()) this.tell((await response.json()).wrong);
    }, 300);
  }

  async put(text = this.value()) {
    clearTimeout(this.later);
    const kept = this.base;
    const unset = text === "";
    const done = await change(unset ? "/unset" : "/put", { place: this.place }, unset ? "" : text, applies(this.place));
    if (done) this.reset();
    else if (this.isText()) {
      this.input.value = text;
      this.tell($("settings-note").textContent);
      if (kept !== this.base) this.tell(say("settings.otherNow", { value: this.base || say("settings.nothing") }));
      this.buttons();
    } else this.reset();
  }
}

$("settings-undo").addEventListener("click", () => change("/undo", {}, "", say("settings.undone")));
$("settings-login").addEventListener("change", (e) => change("/login", { on: String(e.target.checked) }, "", say("settings.saved")));
$("settings-profile").addEventListener("change", (e) => askSettings("", { profile: e.target.value }));

// profileNamed does something with the name that is typed for a profile.
async function profileNamed(action, done) {
  const name = $("settings-name").value.trim();
  if (await change(action, { name }, "", say(done, { name, profile: form.profile }))) $("settings-name").value = "";
  else $("settings-name").focus();
}

$("settings-names").addEventListener("submit", (event) => {
  event.preventDefault();
  profileNamed("/add", "settings.added");
});
$("settings-copy").addEventListener("click", () => profileNamed("/copy", "settings.copied"));
$("settings-rename").addEventListener("click", () => profileNamed("/rename", "settings.renamed"));
$("settings-remove").addEventListener("click", () => {
  const profile = form.profiles.find((p) => p.name === form.profile);
  set($("settings-why"), say("settings.removeWhy", profile));
  $("settings-question").hidden = false;
  $("settings-no").focus();
});
$("settings-no").addEventListener("click", () => {
  $("settings-question").hidden = true;
  $("settings-remove").focus();
});
$("settings-yes").addEventListener("click", async () => {
  const profile = form.profiles.find((p) => p.name === form.profile);
  $("settings-question").hidden = true;
  await change("/remove", {}, "", say("settings.removed", profile));
  $("settings-profile").focus();
});

document.addEventListener("page", () => {
  if (seen("settings") && words.lang) askSettings("");
});
