// The data of the runtime: what takes the room, backups and their restoration.
"use strict";

// result returns what to tell people of work that ended.
function result(work) {
  const { short, hint, command } = work.problem || {};
  return [short && short + ".", hint, command, work.text].filter(Boolean).join(" ");
}

{
  let working = false;
  let asked = null; // the backup that the question is about
  let looking = null;

  const date = (text) => new Intl.DateTimeFormat(words.lang, { dateStyle: "medium", timeStyle: "medium" }).format(new Date(text));

  function note(text, bad) {
    $("data-note").classList.toggle("bad", !!bad);
    set($("data-note"), text);
  }

  // What takes the room

  function part(p, all) {
    const item = make("li", "");
    const bar = make("meter", "");
    bar.max = all;
    bar.value = p.bytes;
    bar.setAttribute("aria-hidden", "true");
    item.append(make("code", "name", p.name), make("span", "quiet", bytes(p.bytes)), bar);
    if (p.parts.length) {
      const inner = make("ul", "");
      inner.append(...p.parts.map((q) => part(q, all)));
      item.append(inner);
    }
    return item;
  }

  async function look() {
    looking = new AbortController();
    enable($("data-look"), false);
    $("data-look-cancel").hidden = false;
    set($("data-room"), say("data.looking"));
    try {
      const response = await post("/data/usage", looking.signal);
      const answer = await response.json();
      $("data-parts").hidden = !response.ok || !answer.parts.length;
      if (response.ok) {
        set($("data-room"), say("data.size", { size: bytes(answer.bytes), free: bytes(answer.free) }));
        $("data-parts").replaceChildren(...answer.parts.map((p) => part(p, answer.bytes)));
      } else {
        set($("data-room"), result({ problem: answer }));
      }
    } catch {
      set($("data-room"), say(looking.signal.aborted ? "data.notLooked" : "failed"));
    }
    const focused = document.activeElement === $("data-look-cancel");
    $("data-look-cancel").hidden = true;
    enable($("data-look"), true);
    if (focused) $("data-look").focus();
    looking = null;
  }

  $("data-look").addEventListener("click", look);
  $("data-look-cancel").addEventListener("click", () => looking && looking.abort());

  // Backups

  async function list() {
    const response = await get("/data").catch(() => null);
    if (!response) return;
    const answer = await response.json();
    if (!response.ok) {
      note(result({ problem: answer }), true);
      return;
    }
    show(answer);
  }

  function show(answer) {
    set($("data-where"), say("data.where", answer));
    $("data-open").hidden = !answer.canOpen;
    $("data-list").hidden = !answer.backups.length;
    const latest = answer.backups.find((b) => !b.kept);
    $("data-undo").hidden = !latest;
    if (latest) {
      $("data-undo").onclick = () => ask(latest, $("data-undo"));
      $("data-undo").setAttribute("aria-label", say("data.undoTo", { time: date(latest.made) }));
    }
    const focused = $("data-list").contains(document.activeElement);
    $("data-list").replaceChildren(...answer.backups.map((b) => {
      const item = make("li", "");
      const text = make("p", "");
      text.append(date(b.made), make("span", "quiet", ` · ${bytes(b.size)} · ${say(b.kept ? "data.kept" : "data.automatic", answer)}`));
      const button = make("button", "small", say("data.restore"));
      button.type = "button";
      button.setAttribute("aria-label", say("data.restoreOne", { time: date(b.made) }));
      button.addEventListener("click", () => ask(b, button));
      enable(button, !working);
      item.append(text, button);
      return item;
    }));
    if (focused) $("data-backup").focus();
  }

  function ask(b, from) {
    asked = { name: b.name, from };
    set($("data-why"), say("data.question", { time: date(b.made) }));
    set($("data-then"), say(now.runs ? "data.thenRuns" : "data.then"));
    $("data-question").hidden = false;
    $("data-no").focus();
  }

  function answered() {
    $("data-question").hidden = true;
    (asked.from.isConnected && !asked.from.hidden ? asked.from : $("data-backup")).focus();
  }

  $("data-no").addEventListener("click", answered);
  $("data-yes").addEventListener("click", () => {
    answered();
    begin("/data/restore?" + new URLSearchParams({ name: asked.name }));
  });

  // begin asks for work, whose progress then comes to all pages.
  async function begin(path) {
    note("");
    const response = await post(path).catch(() => null);
    if (!response) note(say("failed"), true);
    else if (!response.ok) note(result({ problem: await response.json() }), true);
  }

  $("data-backup").addEventListener("click", () => begin("/data/backup"));
  $("data-cancel").addEventListener("click", () => post("/work/cancel").catch(lost));
  $("data-open").addEventListener("click", async () => {
    const response = await post("/data/open").catch(() => null);
    if (!response || !response.ok) note(say("failed"), true);
  });

  document.addEventListener("work", ({ detail: work }) => {
    const mine = ["backup", "restore"].includes(work.kind);
    const before = working;
    working = !work.ended;
    for (const button of [$("data-backup"), $("data-undo"), ...$("data-list").querySelectorAll("button")]) enable(button, !working);
    const focused = $("data-work").contains(document.activeElement);
    $("data-work").hidden = !mine || work.ended;
    if (focused && $("data-work").hidden) $("data-backup").focus();
    if (!mine) return;
    if (work.ended) {
      note(result(work), work.problem);
      if (before && seen("files")) list();
      return;
    }
    note("");
    set($("data-step"), work.step || say("data.begins"));
    set($("data-progress"), work.total ? say("files.progress", { done: bytes(work.bytes), total: bytes(work.total) }) : work.bytes ? bytes(work.bytes) : "");
    if (work.total) {
      $("data-bar").max = work.total;
      $("data-bar").value = work.bytes;
    } else {
      $("data-bar").removeAttribute("value");
    }
  });

  document.addEventListener("page", () => {
    if (seen("files")) list();
  });
}
