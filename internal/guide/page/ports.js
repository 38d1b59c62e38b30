// The section "Other programs": what listens in the runtime besides Jupyter.
"use strict";

async function showPorts() {
  enable($("ports-look"), false);
  const response = await get("/ports").catch(() => null);
  enable($("ports-look"), true);
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
    item.append(make("p", "", say("ports.unpublished", port)), commandLine(port.setting), publisher(port));
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

// publisher returns a button that writes the setting, in whose place it then says what
// became of that.
function publisher(port) {
  const line = make("p", "");
  line.setAttribute("role", "status");
  const button = make("button", "small", say("ports.publish", port));
  button.type = "button";
  button.addEventListener("click", async () => {
    const response = await post("/ports/publish?port=" + port.port).catch(() => null);
    const wrong = response && response.ok ? (await response.json()).wrong : say("failed");
    line.replaceChildren(wrong || say("ports.written"));
    $("ports-look").focus();
  });
  line.append(button);
  return line;
}

let listened = false;

function lookAgain() {
  const listens = now.state === "ready" && seen("resources");
  if (listens && !listened) showPorts();
  listened = listens;
}

document.addEventListener("state", () => {
  $("ports").hidden = !now.runs || !now.offers.ports;
  lookAgain();
});
document.addEventListener("page", lookAgain);
$("ports-look").addEventListener("click", showPorts);
