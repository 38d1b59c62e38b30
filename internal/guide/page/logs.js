// The output of the runtime: it comes live while it is seen, can be searched and held,
// and is saved by the server.
"use strict";

{
  const maxLines = 2000;
  let lines = []; // what the box shows, but for the search
  let held = null; // while it is paused: what came meanwhile, and how much of it is new
  let searched = null; // an expression that matches what is searched for

  // element returns a line with what is searched for marked; null if it is not in it.
  function element(line) {
    const item = make("span", "line");
    if (!searched) {
      item.textContent = line + "\n";
      return item;
    }
    let end = 0;
    for (const match of line.matchAll(searched)) {
      item.append(line.slice(end, match.index), make("mark", "", match[0]));
      end = match.index + match[0].length;
    }
    if (!end) return null;
    item.append(line.slice(end) + "\n");
    return item;
  }

  function add(more) {
    const box = $("logs-box");
    lines = [...lines, ...more].slice(-maxLines);
    box.append(...more.slice(-maxLines).map(element).filter(Boolean));
    const most = searched ? lines.filter((line) => line.search(searched) >= 0).length : lines.length;
    while (box.childElementCount > most) box.firstElementChild.remove();
    if ($("logs-follow").checked) box.scrollTop = box.scrollHeight;
    tell();
  }

  function tell() {
    set($("logs-found"), searched ? say("logs.found", { count: $("logs-box").childElementCount, all: lines.length }) : "");
    set($("logs-waiting"), held && held.count ? say("logs.waiting", { count: held.count }) : "");
  }

  function draw() {
    const all = lines;
    lines = [];
    $("logs-box").replaceChildren();
    add(all);
  }

  // The next lines: a new run, or a new connection, begins with the last lines there are.
  document.addEventListener("logs", ({ detail: out }) => {
    const more = out.skipped ? [say("logs.skipped", { count: out.skipped }), ...out.lines] : out.lines;
    if (!held) {
      if (out.newRun) {
        lines = [];
        $("logs-box").replaceChildren();
      }
      add(more);
      return;
    }
    // A new connection begins with lines that were here before, which can come in
    // several parts: what is new is known once the last one before is among them.
    if (out.newRun) {
      held.before = { last: held.lines.length ? held.lines.at(-1) : lines.at(-1), count: held.count };
      held.lines = [];
      held.anew = true;
    }
    held.lines = [...held.lines, ...more].slice(-maxLines);
    if (held.before) held.count = held.before.count + held.lines.length - 1 - held.lines.lastIndexOf(held.before.last);
    else held.count += more.length + out.skipped;
    tell();
  });

  function hold(on) {
    $("logs-pause").setAttribute("aria-pressed", String(on));
    const before = held;
    held = on ? { lines: [], count: 0, anew: false, before: null } : null;
    if (before && before.anew) {
      lines = before.lines;
      draw();
    } else {
      add(before ? before.lines : []);
    }
  }

  $("logs-toggle").addEventListener("click", () => {
    const open = $("logs-view").hidden;
    $("logs-view").hidden = !open;
    $("logs-toggle").setAttribute("aria-expanded", String(open));
    $("logs-toggle").textContent = say(open ? "logs.hide" : "logs.show");
    hold(false);
    if (open) $("logs-box").textContent = say("logs.none");
    lines = [];
    connect();
  });

  $("logs-pause").addEventListener("click", () => hold(!held));

  $("logs-search").addEventListener("input", () => {
    const text = $("logs-search").value;
    searched = text ? new RegExp(text.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"), "giu") : null;
    draw();
  });

  document.addEventListener("state", () => {
    $("logs-save").hidden = ["unknown", "noengine", "absent", "pulling", "waiting"].includes(now.state);
  });

  $("logs-save").addEventListener("click", () => {
    download("/logs").catch(() => set($("logs-waiting"), say("failed")));
  });
}
