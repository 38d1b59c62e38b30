// The page's way to the server: with the session's secret, which the local storage keeps
// for this origin alone, so that a reload and a second tab have it too. No cookie is
// used, as a browser would send it to the servers of all ports.
"use strict";

let secret = ""; // where the browser keeps nothing for the page

function keep(text) {
  secret = text;
  try { localStorage.setItem("secret", text); } catch { /* a reload needs another key */ }
}

function kept() {
  try { return localStorage.getItem("secret") || secret; } catch { return secret; }
}

function authorization() {
  return { Authorization: "Bearer " + kept() };
}

// enter exchanges the key in the address for the secret. A key that was used before
// gives none: who has the secret already is in.
async function enter() {
  const key = new URLSearchParams(location.search).get("key");
  if (!key) return;
  history.replaceState(null, "", "/" + location.hash);
  const response = await fetch("/enter?key=" + encodeURIComponent(key), { method: "POST", headers: { "X-Colab-Tray": "1" }, credentials: "omit" });
  if (response.ok) keep(await response.text());
}

const entered = enter().catch(() => {});

async function ask(path, method, headers, signal, body = null) {
  await entered;
  const response = await fetch(path, { method, headers: { ...authorization(), ...headers }, cache: "no-store", credentials: "omit", signal, body });
  if (response.status === 403) location.replace("/refused"); // which is refused, too, with a page that says how to get in
  return response;
}

function get(path, signal) {
  return ask(path, "GET", {}, signal);
}

function post(path, signal, body) {
  return ask(path, "POST", { "X-Colab-Tray": "1" }, signal, body);
}

// download has the browser save what is at a path. It asks without the secret, and so
// needs a ticket for this one request.
async function download(path) {
  const response = await post("/ticket?for=" + encodeURIComponent(path));
  const link = document.createElement("a");
  link.href = path + (path.includes("?") ? "&" : "?") + "ticket=" + await response.text();
  link.download = "";
  link.click();
}

// pieces calls each with every piece of a response that ends so, as the piece arrives.
async function pieces(response, end, each) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    const parts = (rest + value).split(end);
    rest = parts.pop();
    parts.forEach(each);
  }
}

// Events has the events of a path, as an EventSource has them, which sends no secret.
class Events extends EventTarget {
  constructor(path) {
    super();
    this.end = new AbortController();
    this.read(path).catch(() => {}).then(() => this.dispatch(new Event("error")));
  }

  async read(path) {
    const response = await get(path, this.end.signal);
    if (!response.ok) return;
    await pieces(response, "\n\n", (piece) => {
      const [, type, data] = piece.match(/^event: (.*)\ndata: (.*)$/);
      this.dispatch(new MessageEvent(type, { data }));
    });
  }

  dispatch(event) {
    if (!this.end.signal.aborted) this.dispatchEvent(event);
  }

  close() {
    this.end.abort();
  }
}
