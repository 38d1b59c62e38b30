// The section "Open in Colab": a notebook by its address, and those opened last.
"use strict";

async function showNotebooks(response) {
  if (!response || !response.ok) return;
  const all = await response.json();
  $("notebooks-recent").hidden = !all.length;
  $("notebooks-list").replaceChildren(...all.map((notebook) => {
    const item = document.createElement("li");
    const link = make("a", "", notebook.name);
    link.href = notebook.url;
    link.target = "_blank";
    link.rel = "noopener noreferrer";
    item.append(link);
    return item;
  }));
}

async function listNotebooks() {
  showNotebooks(await get("/notebooks").catch(() => null));
}

$("notebooks-form").addEventListener("submit", async (event) => {
  event.preventDefault();
  const response = await post("/notebook?address=" + encodeURIComponent($("notebooks-address").value)).catch(() => null);
  if (!response || response.status !== 200) {
    set($("notebooks-note"), response && response.status === 422 ? await response.text() : say("failed"));
    return;
  }
  const notebook = await response.json();
  set($("notebooks-note"), "");
  $("notebooks-address").value = "";
  window.open(notebook.url, "_blank", "noopener,noreferrer");
  listNotebooks();
});

$("notebooks-forget").addEventListener("click", async () => {
  const response = await post("/notebooks/forget").catch(() => null);
  set($("notebooks-note"), response && response.ok ? "" : say("failed"));
  await showNotebooks(response);
  $("notebooks-address").focus();
});

document.addEventListener("page", () => {
  if (seen("connect")) listNotebooks();
});
