// The files of the runtime: one folder at a time, with downloads and uploads.
"use strict";

{
  const root = { name: "", ref: "" };
  let trail = [root]; // the folders from the root to the one that is shown
  let sending = null;

  const here = () => trail[trail.length - 1];

  function note(text, problem) {
    $("files-note").classList.toggle("bad", !!problem);
    set($("files-note"), text);
  }

  function tell(problem) {
    note([problem.short, problem.hint].filter(Boolean).join(". "), true);
  }

  async function load(next) {
    $("files-box").setAttribute("aria-busy", "true");
    note(say("files.loading"));
    try {
      const response = await get("/files?path=" + next[next.length - 1].ref);
      const answer = await response.json();
      if (!response.ok) {
        tell(answer);
        return;
      }
      trail = next;
      show(answer);
      note(answer.cut ? say("files.cut") : answer.files.length ? "" : say("files.empty"));
    } catch {
      note(say("files.failed"), true);
    } finally {
      $("files-box").removeAttribute("aria-busy");
    }
  }

  function button(text, click) {
    const b = make("button", "small", text);
    b.type = "button";
    b.addEventListener("click", click);
    return b;
  }

  function save(file, as, text) {
    const path = "/files/download?path=" + file.ref + (as ? "&as=" + as : "");
    const b = button(text, () => download(path).catch(() => note(say("files.failed"), true)));
    b.dataset.as = as;
    b.setAttribute("aria-label", say("files.downloadName", { name: file.name, as }).trim());
    return b;
  }

  function show(answer) {
    const focused = $("files-box").contains(document.activeElement);
    $("files-open").hidden = !answer.canOpen;
    $("files-path").replaceChildren(...trail.map((folder, i) => {
      const b = button(i ? folder.name : say("files.root"), () => load(trail.slice(0, i + 1)));
      if (i === trail.length - 1) b.setAttribute("aria-current", "location");
      return b;
    }));
    const date = new Intl.DateTimeFormat(words.lang, { dateStyle: "medium", timeStyle: "short" });
    $("files-list").replaceChildren(...answer.files.map((file) => {
      const row = make("tr", file.kind);
      const name = make("td", "name");
      const folder = file.kind === "folder";
      name.append(folder ? button(file.name + "/", () => load([...trail, file])) : file.name);
      const size = make("td", "size", file.kind === "file" ? bytes(file.size) : say("files." + file.kind));
      const time = make("td", "time", date.format(new Date(file.modified)));
      const actions = make("td", "get");
      if (folder) actions.append(save(file, "zip", "ZIP"), " ", save(file, "tar", "TAR"));
      if (file.kind === "file") actions.append(save(file, "", say("files.download")));
      row.append(name, size, time, actions);
      return row;
    }));
    if (focused) $("files-path").lastElementChild.focus();
  }

  $("files-toggle").addEventListener("click", () => {
    const open = $("files-box").hidden;
    $("files-box").hidden = !open;
    $("files-toggle").setAttribute("aria-expanded", String(open));
    $("files-toggle").textContent = say(open ? "files.hide" : "files.show");
    if (open) load(trail);
  });
  $("files-again").addEventListener("click", () => load(trail));
  $("files-open").addEventListener("click", async () => {
    const response = await post("/files/open").catch(() => null);
    if (!response || !response.ok) note(say("files.failed"), true);
  });

  // Uploads

  // send sends files, each with the name it gets in the folder that is shown.
  function send(files) {
    if (sending || !files.length) return;
    const into = here();
    const manifest = files.map(({ name, file }) => ({ name, size: file.size, time: file.lastModified }));
    const request = new XMLHttpRequest();
    sending = request;
    $("files-sending").hidden = false;
    $("files-bar").value = 0;
    note(say("files.sending"));
    request.upload.addEventListener("progress", (e) => {
      $("files-bar").max = e.total;
      $("files-bar").value = e.loaded;
      set($("files-progress"), say("files.progress", { done: bytes(e.loaded), total: bytes(e.total) }));
    });
    request.addEventListener("loadend", async () => {
      sending = null;
      $("files-sending").hidden = true;
      set($("files-progress"), "");
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* no answer */ }
      if (request.status === 200) {
        if (into === here()) await load(trail);
        note(say("files.sent", { count: answer.files }));
      } else if (answer.short) tell(answer);
      else note(say("files.failed"), true);
    });
    request.open("POST", "/files/upload?path=" + into.ref);
    for (const [name, value] of Object.entries({ ...authorization(), "X-Colab-Tray": "1" })) request.setRequestHeader(name, value);
    request.send(new Blob([JSON.stringify(manifest) + "\n", ...files.map(({ file }) => file)]));
  }

  $("files-choose").addEventListener("click", () => $("files-input").click());
  $("files-input").addEventListener("change", () => {
    send([...$("files-input").files].map((file) => ({ name: file.name, file })));
    $("files-input").value = "";
  });
  $("files-cancel").addEventListener("click", () => sending && sending.abort());

  // all returns the files of what was dropped; folders with all that is in them.
  async function all(entry, prefix) {
    if (entry.isFile) {
      const file = await new Promise((done, fail) => entry.file(done, fail));
      return [{ name: prefix + entry.name, file }];
    }
    const reader = entry.createReader();
    const found = [];
    for (;;) { // a reader gives some entries at a time
      const some = await new Promise((done, fail) => reader.readEntries(done, fail));
      if (!some.length) return found;
      for (const inside of some) found.push(...await all(inside, prefix + entry.name + "/"));
    }
  }

  const zone = $("files-box");
  for (const kind of ["dragenter", "dragover"]) {
    zone.addEventListener(kind, (e) => {
      if (![...e.dataTransfer.types].includes("Files")) return;
      e.preventDefault();
      zone.classList.add("over");
    });
  }
  zone.addEventListener("dragleave", (e) => { if (!zone.contains(e.relatedTarget)) zone.classList.remove("over"); });
  zone.addEventListener("drop", async (e) => {
    e.preventDefault();
    zone.classList.remove("over");
    const plain = [...e.dataTransfer.files];
    const entries = [...e.dataTransfer.items].map((item) => item.webkitGetAsEntry && item.webkitGetAsEntry()).filter(Boolean);
    try {
      const found = entries.length ? (await Promise.all(entries.map((entry) => all(entry, "")))).flat() : plain.map((file) => ({ name: file.name, file }));
      send(found);
    } catch {
      note(say("files.failed"), true);
    }
  });
}
