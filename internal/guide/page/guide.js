// The guide's page: shows the events of the server, and posts the actions of the
// buttons. The server sends the texts in the person's language. Text of the runtime
// never becomes HTML.
"use strict";

const $ = (id) => document.getElementById(id);

// say returns the text of a key with its {placeholders} filled in.
function say(name, values = {}) {
  return words[name].replace(/\{(\w+)\}/g, (all, key) => (key in values ? values[key] : all));
}

// rich fills an element with a text: **this** becomes strong, `this` code.
function rich(element, text) {
  element.replaceChildren(...text.split(/(\*\*.+?\*\*|`.+?`)/).map((part) => {
    if (part.startsWith("**")) return make("strong", "", part.slice(2, -2));
    if (part.startsWith("`")) return make("code", "", part.slice(1, -1));
    return part;
  }));
}

function make(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}

// set changes a text only if it differs: a screen reader reads a live region again
// after each change.
function set(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// copy writes a text to the clipboard, and returns whether that worked.
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

// commandLine returns an element with a command for the terminal and a button that
// copies it.
function commandLine(text) {
  const line = make("div", "command");
  const code = make("code", "", text);
  code.tabIndex = 0;
  const button = make("button", "small", say("copy"));
  button.type = "button";
  line.append(code, button);
  wireCopy(line);
  return line;
}

function wireCopy(line) {
  const code = line.querySelector("code");
  const button = line.querySelector("button");
  let back;
  button.addEventListener("click", async () => {
    const done = await copy(code.textContent);
    if (!done) getSelection().selectAllChildren(code);
    button.textContent = say(done ? "copied" : "copy");
    clearTimeout(back);
    back = setTimeout(() => { button.textContent = say("copy"); }, 2000);
  });
  label(line);
}

// label names the copy button of a command line after its command.
function label(line) {
  line.querySelector("button").setAttribute("aria-label", say("copyCommand", { command: line.querySelector("code").textContent }));
}

// The state

let now = {};

function showState(next) {
  const before = now;
  now = next;
  $("status").dataset.state = now.state;
  set($("state"), now.title);
  set($("state-hint"), now.hint);
  const engine = now.machine && now.engine ? say("status.onMachine", now) : now.engine || now.machine;
  const details = { runtime: now.runtime, port: now.port, engine };
  set($("details"), say(engine ? "status.details" : "status.detailsNoEngine", details) + since());

  $("pull").hidden = !now.progress || !now.progress.layers;
  if (!$("pull").hidden) {
    const p = now.progress;
    $("pull-bar").max = p.total || p.layers;
    $("pull-bar").value = p.total ? p.bytes : p.layersDone;
    set($("pull-text"), say(p.total ? "pull.progress" : "pull.layers", { done: bytes(p.bytes), total: bytes(p.total), layersDone: p.layersDone, layers: p.layers }));
  }
  showProblem(now.problem || now.message);
  set($("acts-note"), now.problem && now.message ? result({ problem: now.message }) : ""); // what became of a click beside a problem that stays
  showWarnings(now.warnings);
  $("newer").hidden = !now.newer;
  showActs(now.acts);
  showInstall(now.install);

  for (const verb of ["start", "continue", "stop", "restart"]) enable($(verb), now.can[verb]);
  $("start").classList.toggle("primary", !now.can.connect);
  swap($("start"), $("continue"), now.can.continue);

  if (now.url !== before.url || now.port !== before.port || now.host !== before.host) hideURL();
  $("url").disabled = !now.can.connect;
  enable($("show"), now.can.connect);
  enable($("copy"), now.can.connect);
  $("next").hidden = !now.can.connect;
  if (!now.can.connect) $("url").value = say("url.none");

  for (const section of document.querySelectorAll("[data-needs]")) section.hidden = !now.offers[section.dataset.needs];
  $("files-lacks").hidden = now.offers.data || now.offers.folders;

  rich($("see"), say("steps.seeText", now));
  document.dispatchEvent(new Event("state"));
}

function since() {
  if (!["ready", "waiting"].includes(now.state)) return "";
  return " · " + say("status.since", { time: timeOf(now.since) });
}

function timeOf(text) {
  const time = new Date(text);
  const today = time.toDateString() === new Date().toDateString();
  const format = today ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" };
  return new Intl.DateTimeFormat(words.lang, format).format(time);
}

// enable says whether a button does something now. It can be focused in any case:
// a button that is disabled would lose the focus of who has just pressed it.
function enable(button, on) {
  button.setAttribute("aria-disabled", String(!on));
}

document.addEventListener("click", (event) => {
  if (!event.target.closest("[aria-disabled=true]")) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}, true);

// swap shows the second button in the place of the first, or the first again, which
// the focus follows.
function swap(first, second, on) {
  const focused = [first, second].includes(document.activeElement);
  first.hidden = on;
  second.hidden = !on;
  if (focused) (on ? second : first).focus();
}

function showProblem(problem) {
  const box = $("problem");
  if (!problem) {
    box.hidden = true;
    return;
  }
  set(box.querySelector(".short"), problem.short);
  set(box.querySelector(".hint"), problem.hint || "");
  set(box.querySelector("code"), problem.command || "");
  label(box.querySelector(".command"));
  box.querySelector(".run").hidden = !problem.command;
  box.hidden = false;
}

let warned = "";

// showWarnings shows the problems of a runtime that can be used.
function showWarnings(warnings) {
  const text = JSON.stringify(warnings);
  if (text === warned) return;
  warned = text;
  $("warnings").replaceChildren(...warnings.map((warning) => {
    const box = make("div", "problem warning");
    box.append(make("p", "short", warning.short), make("p", "hint", warning.hint || ""));
    if (warning.command) box.append(make("p", "quiet", say("command")), commandLine(warning.command));
    return box;
  }));
}

let installed = "";

function showInstall(help) {
  const text = JSON.stringify(help);
  if (text === installed) return;
  installed = text;
  $("install").hidden = !help;
  if (!help) return;
  set($("install-text"), say("install.text", { system: help.System }));
  $("ways").replaceChildren(...help.Ways.map((way) => {
    const box = make("div", "way");
    box.append(make("h3", "", way.Title), ...(way.Commands || []).map(commandLine));
    if (way.Note) box.append(make("p", "", way.Note));
    const link = make("a", "", say("install.page", { host: new URL(way.Page).host }));
    link.href = way.Page;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    const line = make("p", "");
    line.append(link);
    box.append(line);
    return box;
  }));
}

for (const action of ["start", "continue", "stop", "restart"]) {
  $(action).addEventListener("click", () => post("/" + action).catch(lost));
}

// The Backend URL

async function backendURL() {
  const response = await post("/url").catch(() => null);
  return response && response.ok ? response.text() : "";
}

function hideURL() {
  $("url").value = say("url.hidden", now);
  $("show").textContent = say("url.show");
  $("show").setAttribute("aria-pressed", "false");
  set($("url-note"), say("url.secret"));
}

function showURL(url) {
  $("url").value = url;
  $("show").textContent = say("url.hide");
  $("show").setAttribute("aria-pressed", "true");
}

$("show").addEventListener("click", async () => {
  if ($("show").getAttribute("aria-pressed") === "true") {
    hideURL();
    return;
  }
  const url = await backendURL();
  if (url) showURL(url);
  else set($("url-note"), say("url.failed"));
});

$("copy").addEventListener("click", async () => {
  const url = await backendURL();
  if (!url) {
    set($("url-note"), say("url.failed"));
    return;
  }
  if (await copy(url)) {
    set($("url-note"), say("url.copied"));
    return;
  }
  showURL(url);
  $("url").select();
  set($("url-note"), say("url.byHand"));
});

// Numbers

function number(n) {
  return new Intl.NumberFormat(words.lang, { minimumFractionDigits: 1, maximumFractionDigits: 1 }).format(n);
}

function bytes(n) {
  const units = say("units").split(" ");
  let unit = 0;
  for (; n >= 1000 && unit < units.length - 1; unit++) n /= 1000;
  return (unit > 2 ? number(n) : Math.round(n)) + " " + units[unit];
}

// The connection. It asks for the state, which seldom changes, and beyond that only for
// what is seen, so that a hidden window costs nothing.

let live = null;
let wanted = "";
let tries = 0;
let later = 0;

function want() {
  if (seen("resources")) return "?usage";
  if (seen("settings")) return "?settings";
  return seen("runtime") && !$("logs-view").hidden ? "?logs" : "";
}

function connect() {
  clearTimeout(later);
  if (live) live.close();
  wanted = want();
  live = new Events("/live" + wanted);
  live.addEventListener("state", (e) => {
    tries = 0;
    $("gone").hidden = true;
    set($("gone-note"), "");
    showState(JSON.parse(e.data));
  });
  live.addEventListener("usage", (e) => showUsage(JSON.parse(e.data)));
  live.addEventListener("gpu", (e) => showGPU(JSON.parse(e.data)));
  for (const name of ["work", "logs", "settings"]) {
    live.addEventListener(name, (e) => document.dispatchEvent(new CustomEvent(name, { detail: JSON.parse(e.data) })));
  }
  live.addEventListener("error", lost);
}

// lost reconnects. After three attempts it shows a button instead.
function lost() {
  live.close();
  clearTimeout(later);
  tries++;
  if (tries <= 3) {
    later = setTimeout(connect, 500 * tries);
    return;
  }
  if (!$("gone").hidden) set($("gone-note"), say("gone.still"));
  $("gone").hidden = false;
}

$("retry").addEventListener("click", () => {
  tries = 0;
  set($("gone-note"), say("gone.trying"));
  connect();
});

document.addEventListener("page", () => {
  if (live && tries <= 3 && want() !== wanted) connect();
});

function begin() {
  for (const element of document.querySelectorAll("[data-rich]")) rich(element, say(element.dataset.rich));
  for (const line of document.querySelectorAll(".command")) wireCopy(line);
  document.dispatchEvent(new Event("words"));
  connect();
}

document.addEventListener("DOMContentLoaded", begin); // each script is there by then
