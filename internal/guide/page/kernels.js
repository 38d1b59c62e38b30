// The section "Notebooks in memory": the kernels of the runtime, and what each holds.
"use strict";

const askAgain = 10000; // milliseconds between two looks at the kernels

let nextLook = 0;
let toFree = ""; // the path to post to when the open question is answered by yes
let asker = null; // the button that has opened it

function canLook() {
  return now.state === "ready" && seen("resources");
}

async function lookAtKernels() {
  clearTimeout(nextLook);
  if (!canLook()) return;
  const response = await get("/kernels").catch(() => null);
  if (response && response.ok) showKernels((await response.json()).kernels);
  clearTimeout(nextLook);
  if (canLook()) nextLook = setTimeout(lookAtKernels, askAgain);
}

// showKernels changes only the rows that differ, so that a button keeps the focus.
function showKernels(kernels) {
  const rows = new Map([...$("kernels-list").children].map((row) => [row.dataset.id, row]));
  for (const kernel of kernels) {
    if (!rows.has(kernel.id)) $("kernels-list").append(kernelRow(kernel));
    fillRow(rows.get(kernel.id) || $("kernels-list").lastChild, kernel);
    rows.delete(kernel.id);
  }
  const focused = [...rows.values()].some((row) => row.contains(document.activeElement));
  for (const row of rows.values()) row.remove();
  $("kernels-table").hidden = $("kernels-free").hidden = !kernels.length;
  for (const cell of document.querySelectorAll("#kernels .cards")) cell.hidden = kernels.every((k) => k.gpu_memory === null);
  if (!kernels.length && !$("kernels-note").textContent) tellKernels(say("kernels.none"));
  else if (kernels.length && $("kernels-note").textContent === say("kernels.none")) tellKernels("");
  if (focused) (kernels.length ? $("kernels-free") : document.querySelector(".page[data-page=resources] h1")).focus();
}

function kernelRow(kernel) {
  const row = document.createElement("tr");
  row.dataset.id = kernel.id;
  const name = document.createElement("th");
  name.scope = "row";
  const button = make("button", "small", say("kernels.free"));
  button.type = "button";
  const free = document.createElement("td");
  free.append(button);
  row.append(name, free, ...["state", "last", "memory", "cards"].map((part) => make("td", part)));
  button.addEventListener("click", () => {
    const busy = row.kernel.state === "busy";
    const question = say(busy ? "kernels.askBusy" : "kernels.askOne", { name: nameOf(row.kernel) });
    askToFree(button, question, "/kernels/shutdown?id=" + encodeURIComponent(kernel.id));
  });
  return row;
}

const nameOf = (kernel) => kernel.notebook || say("kernels.unnamed", { id: kernel.id.slice(0, 8) });

function fillRow(row, kernel) {
  row.kernel = kernel;
  const amount = (n) => (n === null ? say("kernels.unknown") : bytes(n));
  set(row.querySelector("th"), nameOf(kernel));
  set(row.querySelector(".state"), kernel.title);
  set(row.querySelector(".last"), kernel.last_activity ? timeOf(kernel.last_activity) : "");
  set(row.querySelector(".memory"), amount(kernel.memory));
  set(row.querySelector(".cards"), amount(kernel.gpu_memory));
  row.querySelector("button").setAttribute("aria-label", say("kernels.freeOne", { name: nameOf(kernel) }));
}

function askToFree(button, question, path) {
  toFree = path;
  asker = button;
  set($("kernels-why"), question);
  tellKernels("");
  $("kernels-question").hidden = false;
  $("kernels-no").focus();
}

function tellKernels(text, bad = false) {
  $("kernels-note").className = bad ? "bad" : "";
  set($("kernels-note"), text);
}

async function free() {
  const path = toFree;
  $("kernels-question").hidden = true;
  enable($("kernels-free"), false);
  $("kernels-free").focus();
  tellKernels(say("kernels.freeing"));
  const response = await post(path).catch(() => null);
  const answer = response && (response.ok || response.status === 409) ? await response.json() : { short: say("failed") };
  enable($("kernels-free"), true);
  if (answer.kernels) {
    tellKernels(answer.freed + ".");
    showKernels(answer.kernels);
    return;
  }
  tellKernels([answer.short, answer.hint].filter(Boolean).join(". "), true);
}

$("kernels-yes").addEventListener("click", free);
$("kernels-no").addEventListener("click", () => {
  $("kernels-question").hidden = true;
  (asker.isConnected ? asker : $("kernels-free")).focus();
});
$("kernels-free").addEventListener("click", () => askToFree($("kernels-free"), say("kernels.askIdle"), "/kernels/shutdown-idle"));

document.addEventListener("state", () => {
  const ready = now.state === "ready";
  if (ready && $("kernels").hidden) {
    tellKernels("");
    lookAtKernels();
  }
  $("kernels").hidden = !ready;
  if (!ready) $("kernels-question").hidden = true;
});
document.addEventListener("page", lookAtKernels);
