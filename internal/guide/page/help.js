// The sections about the program itself: the report, versions, what changed, licences.
"use strict";

$("report").addEventListener("click", async () => {
  $("report").disabled = true;
  set($("report-note"), say("help.making"));
  const response = await post("/report").catch(() => null);
  if (response && response.ok) {
    const text = await response.text();
    $("report-text").value = text;
    $("report-text").hidden = false;
    set($("report-note"), say(await copy(text) ? "help.copied" : "copyByHand"));
  } else {
    set($("report-note"), say("failed"));
  }
  $("report").disabled = false;
  $("report").focus();
});

let about = ""; // what the versions were asked for

async function askAbout() {
  const of = [now.engine, now.image, now.url].join(" ");
  if (!seen("help") || !now.state || of === about) return;
  about = of;
  const response = await get("/about").catch(() => null);
  if (of !== about) return; // asked again meanwhile
  if (!response || !response.ok) {
    about = "";
    return;
  }
  const { versions, changes } = await response.json();
  $("versions-list").replaceChildren(...versions.flatMap((of) => [make("dt", "", of.name), make("dd", "", of.version)]));
  set($("changes-of"), changes.title);
  $("changes-list").replaceChildren(...changes.groups.flatMap(changesOf));
}

// changesOf returns the heading and the list of one group of changes.
function changesOf(group) {
  const list = make("ul", "");
  list.append(...group.items.map((text) => make("li", "", text)));
  return group.title ? [make("h3", "", group.title), list] : [list];
}

$("licences-all").addEventListener("toggle", async () => {
  const box = $("licences-text");
  if (!$("licences-all").open || box.textContent && box.textContent !== say("failed")) return;
  const response = await get("/licences").catch(() => null);
  box.textContent = response && response.ok ? await response.text() : say("failed");
});

document.addEventListener("page", askAbout);
document.addEventListener("state", askAbout);
