// The section with the folders that the runtime has, of the machine it is on.
"use strict";

async function askFolders(action, values = {}) {
  const response = await post("/folders/" + action + "?" + new URLSearchParams(values)).catch(() => null);
  if (!response || !response.ok) {
    set($("folders-note"), say("failed"));
    return null;
  }
  const answer = await response.json();
  showFolders(answer.folders);
  return answer;
}

function showFolders(folders) {
  $("folders-list").hidden = folders.length === 0;
  $("folders-none").hidden = folders.length > 0;
  $("folders-list").replaceChildren(...folders.map((folder) => {
    const item = make("li", "");
    const text = make("p", "");
    text.append(make("code", "", folder.host), make("span", "quiet", " " + say(folder.readOnly ? "folders.atReadOnly" : "folders.at", folder)));
    const button = make("button", "small", say("folders.remove"));
    button.type = "button";
    button.setAttribute("aria-label", say("folders.removeOne", folder));
    button.addEventListener("click", async () => {
      tellFolders(await askFolders("remove", { host: folder.host }), say("folders.removed"));
      $("folders-path").focus();
    });
    item.append(text, button);
    return item;
  }));
}

// tellFolders says what became of a change.
function tellFolders(answer, done) {
  if (!answer) return false;
  $("folders-question").hidden = !answer.question;
  set($("folders-why"), answer.question || "");
  $("folders-note").className = answer.wrong ? "fail" : "";
  const applies = say(answer.exists ? "folders.restart" : "folders.start");
  set($("folders-note"), answer.question ? "" : answer.wrong || done + " " + applies);
  return !answer.question && !answer.wrong;
}

async function addFolder(confirmed) {
  const values = { host: $("folders-path").value.trim() };
  if ($("folders-read").checked) values.readOnly = "1";
  if (confirmed) values.confirmed = "1";
  const answer = await askFolders("add", values);
  if (tellFolders(answer, say("folders.added"))) {
    $("folders-path").value = "";
    $("folders-read").checked = false;
  } else if (answer && answer.question) {
    $("folders-no").focus();
    return;
  }
  $("folders-path").focus();
}

$("folders-form").addEventListener("submit", (event) => {
  event.preventDefault();
  addFolder(false);
});
$("folders-yes").addEventListener("click", () => addFolder(true));
$("folders-no").addEventListener("click", () => {
  $("folders-question").hidden = true;
  $("folders-path").focus();
});

document.addEventListener("state", () => {
  set($("folders-title"), now.machine ? say("folders.titleThere", now) : say("folders.title"));
  set($("folders-hint"), now.machine ? say("folders.hintThere", now) : say("folders.hint"));
});
document.addEventListener("page", () => {
  if (seen("files")) askFolders("list");
});
