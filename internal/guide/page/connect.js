// The page "Connect": what the default browser asks, the same Backend URL at each start,
// and the steps, which fold away once a notebook was connected.
"use strict";

function browser() {
  const agent = navigator.userAgent;
  if (navigator.brave) return "brave";
  if (/\bEdg(A|iOS)?\//.test(agent)) return "edge";
  if (/\b(Firefox|FxiOS)\//.test(agent)) return "firefox";
  if (/\b(OPR|Vivaldi|SamsungBrowser|YaBrowser)\//.test(agent)) return "other";
  if (/(Chrome|CriOS)\//.test(agent) && isChrome()) return "chrome";
  if (/Chrome\//.test(agent)) return "chromium";
  if (/\bSafari\//.test(agent)) return "safari";
  return "other";
}

// isChrome tells Chrome from Chromium, which calls itself Chrome in its user agent.
function isChrome() {
  const brands = navigator.userAgentData && navigator.userAgentData.brands;
  return !brands || brands.some((b) => b.brand === "Google Chrome");
}

// versionOf returns the version of this browser, 0 where it does not tell the one that
// people know.
function versionOf(name) {
  const places = { chrome: /(?:Chrome|CriOS)\/(\d+)/, chromium: /Chrome\/(\d+)/, edge: /Edg(?:A|iOS)?\/(\d+)/, firefox: /(?:Firefox|FxiOS)\/(\d+)/, safari: /Version\/(\d+)/ };
  const found = places[name] && navigator.userAgent.match(places[name]);
  return found ? Number(found[1]) : 0;
}

// asks returns which text tells what a browser asks.
function asks(name, version) {
  if (["chrome", "chromium", "edge"].includes(name) && version) {
    if (version < 142) return "nothing";
    if (version < 145) return "network"; // a permission of its own came with 145
  }
  return name === "chromium" ? "chrome" : name;
}

function called(name, version) {
  return [say("browser." + name), version || ""].join(" ").trim();
}

// showBrowser tells what the default browser asks; where that is not known, this one.
function showBrowser(known) {
  const here = browser();
  const name = known || here;
  const of = name === here ? versionOf(name) : 0;
  const values = { browser: called(name, of), here: called(here, versionOf(here)) };
  if (!known) rich($("browser-you"), say("browser.you", values));
  else if (known === "other") rich($("browser-you"), say("browser.unknownDefault", values));
  else if (known === here) rich($("browser-you"), say("browser.default", values));
  else rich($("browser-you"), say("browser.elsewhere", values));
  const what = asks(name, of);
  rich($("browser-text"), say("allow." + what));
  $("browser-drawing").toggleAttribute("hidden", ["safari", "nothing", "network"].includes(what));
  const others = ["chrome", "edge", "brave", "firefox", "safari"].filter((other) => other !== name && other !== what);
  $("browser-others").replaceChildren(...others.map((other) => {
    const item = make("li", "");
    rich(item, say("others." + other, { browser: say("browser." + other) }));
    return item;
  }));
}

let folded = false; // once; whoever opens the steps again keeps them open

function showConnect(answer) {
  showBrowser(answer.browser);
  set($("connect-notice"), answer.notice);
  $("connect-notice").hidden = !answer.notice;
  $("keep").hidden = !answer.canKeep;
  $("keep-url").checked = answer.keepsURL;
  $("again").hidden = answer.keepsURL;
  $("steps-done").hidden = !answer.connected;
  if (answer.connected && !folded) {
    folded = true;
    $("steps-box").open = false;
  }
}

async function askConnect(request) {
  const response = await request.catch(() => null);
  if (!response || !response.ok) return null;
  const answer = await response.json();
  showConnect(answer);
  return answer;
}

$("keep-url").addEventListener("change", async () => {
  const on = $("keep-url").checked;
  const answer = await askConnect(post("/connect/keep?on=" + on));
  if (!answer) $("keep-url").checked = !on;
  set($("keep-note"), answer ? answer.wrong || say(on ? "steps.kept" : "steps.notKept") : say("failed"));
});

// The Backend URL is on the page Runtime. Where the browser does not copy it, that page
// shows it.
$("steps-copy").addEventListener("click", async () => {
  const url = await backendURL();
  if (url && !await copy(url)) {
    location.hash = "#/runtime";
    $("copy").click();
    return;
  }
  set($("steps-note"), say(url ? "url.copied" : "url.failed"));
});

document.addEventListener("state", () => {
  set($("draw-url"), say("draw.url", { host: now.host || "localhost", port: now.port }));
  enable($("steps-copy"), now.can.connect);
  if (!now.can.connect) set($("steps-note"), "");
});
document.addEventListener("words", () => showBrowser(""));
document.addEventListener("page", () => {
  if (seen("connect")) askConnect(get("/connect"));
});
