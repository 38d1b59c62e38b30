// The page "Settings": the settings of a profile and of the program, in their file.
"use strict";

let settings = { revision: "", profile: "", profiles: [], fields: [] };
const settingControls = new Map(); // the controls by the place of their setting
let settingsAsked = 0; // requests under way or waiting
let settingsQueue = Promise.resolve(); // the requests, one after the other
const revisionAfter = new Map(); // the revision that a change of this page has made of another
let settingsMissed = ""; // the revision of the file that the server told meanwhile

function tellSettings(text, wrong = false) {
  $("settings-note").className = wrong ? "fail" : "";
  set($("settings-note"), text);
}

// askSettings asks for something and shows the settings as they are then. It returns
// the answer, null for none.
function askSettings(action, values = {}, body = "") {
  const all = { profile: settings.profile, seen: settings.revision, ...values };
  settingsAsked++;
  settingsQueue = settingsQueue.then(() => sendSettings(action, all, body));
  return settingsQueue;
}

async function sendSettings(action, values, body) {
  while (revisionAfter.has(values.seen)) values.seen = revisionAfter.get(values.seen);
  const response = await post(`/settings${action}?${new URLSearchParams(values)}`, undefined, body || null).catch(() => null);
  const answer = response && response.ok ? await response.json().catch(() => null) : null;
  settingsAsked--;
  if (!answer) {
    tellSettings(say("failed"), true);
    return null;
  }
  if (action && !answer.wrong) revisionAfter.set(values.seen, answer.revision);
  revisionAfter.delete(answer.revision); // it can be back, after an undo
  showSettings(answer);
  if (settingsMissed) followSettings(settingsMissed);
  return answer;
}

// changeSettings asks for a change, and says what became of it.
async function changeSettings(action, values, body, done) {
  const answer = await askSettings(action, values, body);
  if (answer) tellSettings(answer.wrong || done, Boolean(answer.wrong));
  if (answer && !answer.wrong && answer.language !== words.lang && ![...settingControls.values()].some((c) => c.changed())) location.reload();
  return answer && !answer.wrong;
}

// followSettings is told the revision that the file has.
async function followSettings(revision) {
  settingsMissed = settingsAsked ? revision : "";
  if (settingsAsked || revision === settings.revision) return;
  const before = settings.revision;
  await askSettings("");
  if (before && settings.revision !== before) tellSettings(say("settings.followed"));
}

// whenApplied tells when a setting is in force.
function whenApplied(place) {
  if (!place.startsWith("profile.")) return say("settings.saved");
  if (place === "profile.name" && settings.profile === now.profile) return say("settings.savedName");
  return say(settings.exists ? "settings.savedRestart" : "settings.savedStart");
}

function showSettings(answer) {
  const others = answer.profile !== settings.profile;
  settings = answer;
  set($("settings-file"), settings.file);
  enable($("settings-undo"), settings.canUndo);
  $("settings").setAttribute("aria-busy", "false");
  $("settings-broken").hidden = !settings.broken;
  set($("settings-broken"), settings.broken || "");
  $("settings-profiles").hidden = $("settings-program").hidden = Boolean(settings.broken);
  $("settings-login").checked = settings.login;
  set($("settings-login-wrong"), settings.loginWrong || "");
  if (settings.broken) return;

  fillSelect($("settings-profile"), settings.profiles.map((p) => [p.name, p.name]), settings.profile);
  const profile = settings.profiles.find((p) => p.name === settings.profile);
  set($("settings-runtime"), [profile.about, say(profile.builtIn ? "settings.runtimeBuiltIn" : "settings.runtime", profile)].filter(Boolean).join("\n"));
  enable($("settings-rename"), !profile.builtIn);
  enable($("settings-remove"), !profile.builtIn);
  if (others) $("settings-question").hidden = true;
  for (const field of settings.fields) {
    let control = settingControls.get(field.place);
    if (!control) {
      control = new SettingControl(field);
      settingControls.set(field.place, control);
    }
    control.show(field, others && field.place.startsWith("profile."));
  }
}

// radios returns a group of radio inputs, which has a value as a select does.
function radios() {
  const group = make("div", "choices");
  group.setAttribute("role", "radiogroup");
  Object.defineProperty(group, "value", {
    get: () => group.querySelector("input:checked")?.value ?? "",
    set: (value) => { for (const input of group.querySelectorAll("input")) input.checked = input.value === value; },
  });
  group.focus = () => (group.querySelector("input:checked") || group.querySelector("input"))?.focus();
  return group;
}

// fillRadios fills a group of radio inputs, unless it has these already. A choice is a
// value, its name, and what there is to say of it.
function fillRadios(group, all, value) {
  const text = JSON.stringify(all);
  if (group.dataset.options !== text) {
    const focused = group.contains(document.activeElement);
    group.dataset.options = text;
    group.replaceChildren(...all.map(([value, name, about]) => {
      const input = make("input");
      input.type = "radio";
      input.name = group.id;
      input.value = value;
      const label = make("label");
      label.append(input, make("span", "", name));
      if (about) label.append(make("span", "quiet", about));
      return label;
    }));
    group.value = value;
    if (focused) group.focus();
  }
  group.value = value;
}

// fillSelect fills a select, unless it has these options already.
function fillSelect(select, all, value) {
  const text = JSON.stringify(all);
  if (select.dataset.options !== text) {
    select.dataset.options = text;
    select.replaceChildren(...all.map(([value, name]) => new Option(name, value)));
  }
  select.value = value;
}

// aboutChoice returns what there is to say of a value.
function aboutChoice(place, value) {
  return place === "file.profile" ? settings.profiles.find((p) => p.name === value)?.about || "" : "";
}

// nameOfChoice returns how a value is called.
function nameOfChoice(place, value) {
  if (place !== "preferences.language" || value === "auto") return value;
  return new Intl.DisplayNames([value], { type: "language" }).of(value);
}

// SettingControl is the part of the page for one setting.
class SettingControl {
  constructor(field) {
    this.place = field.place;
    this.kind = field.input;
    this.asked = 0; // questions so far: the answer to an earlier one is thrown away
    const id = "settings-" + field.place.replace(".", "-");
    this.box = make("div", "setting");
    const label = make(this.isChoice() ? "p" : "label", "name", say("settings.name." + field.place));
    label.id = id + "-name";
    const about = make("p", "quiet about", field.text);
    about.id = id + "-about";
    this.fallback = make("p", "quiet");
    this.fallback.id = id + "-default";
    this.wrong = make("p", "fail");
    this.wrong.id = id + "-wrong";
    this.wrong.setAttribute("aria-live", "polite");
    this.input = this.makeInput();
    this.input.id = id;
    if (this.isChoice()) this.input.setAttribute("aria-labelledby", label.id);
    else label.htmlFor = id;
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
        input = radios();
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

  isChoice() {
    return ["choice", "profile"].includes(this.kind);
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
    const given = (settings.overrides || {})[this.place];
    if (given) this.fallback.textContent += "\n" + say("settings.overridden", { source: given });
    if (!typing) this.reset();
    else if (before !== this.base) this.tellOther();
    this.box.hidden = Boolean(field.elsewhere) && !field.stated && !this.changed();
    this.buttons();
  }

  called(value) {
    if (this.kind === "switch") return say(value === "true" ? "settings.on" : "settings.off");
    return nameOfChoice(this.place, value);
  }

  reset() {
    const { field } = this;
    clearTimeout(this.later);
    if (this.kind === "switch") this.input.checked = (field.stated ? field.value : field.default) === "true";
    else if (this.isChoice()) {
      const first = ["", say("settings.useDefault", { value: this.called(field.default) }), ""];
      fillRadios(this.input, [first, ...field.choices.map((c) => [c, nameOfChoice(this.place, c), aboutChoice(this.place, c)])], field.stated ? field.value : "");
    } else if (this.isText()) this.input.value = field.value;
    this.tell("");
    this.buttons();
  }

  buttons() {
    this.save.hidden = this.discard.hidden = !this.changed();
    this.unset.hidden = this.isChoice() || this.kind === "folders" || !this.field.stated || this.changed();
  }

  tell(wrong) {
    set(this.wrong, wrong);
    if (wrong) this.input.setAttribute("aria-invalid", "true");
    else this.input.removeAttribute("aria-invalid");
  }

  // tellOther tells that the file has another value than the one from which the person
  // has begun to type. What is asked about what is typed comes too late for that.
  tellOther() {
    clearTimeout(this.later);
    this.asked++;
    set(this.wrong, say("settings.otherNow", { value: this.base || say("settings.nothing") }));
  }

  // typed asks, once typing pauses, whether the file could have the value.
  typed() {
    clearTimeout(this.later);
    this.buttons();
    this.later = setTimeout(async () => {
      const text = this.value();
      const asked = ++this.asked;
      const query = new URLSearchParams({ profile: settings.profile, place: this.place });
      const response = await post("/settings/try?" + query, undefined, text || null).catch(() => null);
      if (!response || !response.ok) return;
      const { wrong } = await response.json();
      if (asked === this.asked && text === this.value()) this.tell(wrong);
    }, 300);
  }

  async put(text = this.value()) {
    clearTimeout(this.later);
    const kept = this.base;
    const unset = text === "";
    const done = await changeSettings(unset ? "/unset" : "/put", { place: this.place }, unset ? "" : text, whenApplied(this.place));
    if (done) this.reset();
    else if (this.isText()) {
      this.input.value = text;
      this.tell($("settings-note").textContent);
      if (kept !== this.base) this.tellOther();
      this.buttons();
    } else this.reset();
  }
}

$("settings-undo").addEventListener("click", () => changeSettings("/undo", {}, "", say("settings.undone")));
$("settings-login").addEventListener("change", (e) => changeSettings("/login", { on: String(e.target.checked) }, "", say("settings.saved")));
$("settings-profile").addEventListener("change", (e) => askSettings("", { profile: e.target.value }));

// changeProfile does something with the name that is typed for a profile.
async function changeProfile(action, done) {
  const name = $("settings-name").value.trim();
  if (await changeSettings(action, { name }, "", say(done, { name, profile: settings.profile }))) $("settings-name").value = "";
  else $("settings-name").focus();
}

$("settings-names").addEventListener("submit", (event) => {
  event.preventDefault();
  changeProfile("/add", "settings.added");
});
$("settings-copy").addEventListener("click", () => changeProfile("/copy", "settings.copied"));
$("settings-rename").addEventListener("click", () => changeProfile("/rename", "settings.renamed"));
$("settings-remove").addEventListener("click", () => {
  const profile = settings.profiles.find((p) => p.name === settings.profile);
  set($("settings-why"), say("settings.removeWhy", profile));
  $("settings-question").hidden = false;
  $("settings-no").focus();
});
$("settings-no").addEventListener("click", () => {
  $("settings-question").hidden = true;
  $("settings-remove").focus();
});
$("settings-yes").addEventListener("click", async () => {
  const profile = settings.profiles.find((p) => p.name === settings.profile);
  $("settings-question").hidden = true;
  await changeSettings("/remove", {}, "", say("settings.removed", profile));
  $("settings-profile").focus();
});

document.addEventListener("settings", (e) => followSettings(e.detail));
document.addEventListener("page", () => {
  if (seen("settings") && words.lang) askSettings("");
});
