// The section "Other programs": what listens in the runtime besides Jupyter.
"use strict";

async function showPorts() {
  const response = await get("/ports").catch(() => null);
  if (!response || !response.ok) {
    set($("ports-note"), say("failed"));
    return;
  }
  const all = await response.json();
  set($("ports-note"), all.length ? "" : say("ports.none"));
  $("ports-list").replaceChildren(...all.map(portItem));
}

function portItem(port) {
  const item = make("li", "", "");
  if (!port.published) {
    item.append(make("p", "", say("ports.unpublished", port)), commandLine(port.setting), make("p", "quiet", say("ports.how")));
  } else {
    const link = make("a", "", say("ports.open", port));
    link.href = `http://127.0.0.1:${port.published}/`;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    item.append(link);
  }
  if (port.inside) item.append(make("p", "quiet", say("ports.inside", port)));
  return item;
}

let listened = false;

function lookAgain() {
  const listens = now.state === "ready" && seen("resources");
  if (listens && !listened) showPorts();
  listened = listens;
}

document.addEventListener("state", () => {
  $("ports").hidden = !now.runs;
  lookAgain();
});
document.addEventListener("page", lookAgain);
$("ports-look").addEventListener("click", showPorts);
