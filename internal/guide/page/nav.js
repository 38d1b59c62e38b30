// The pages of the window: which one is shown. The address has its name: #/files.
"use strict";

const pages = [...document.querySelectorAll(".page")];
const links = [...document.querySelectorAll("#pages a")];
let shown = "runtime";

// seen returns whether a page is in front of somebody. What a page shows is asked for
// while it is seen, and of nobody else; the event "page" says that this may have changed.
function seen(name) {
  return shown === name && !document.hidden;
}

// turn shows the page that the address names, and returns whether that is another one.
function turn() {
  const name = location.hash.slice(2);
  if (name === shown || !pages.some((page) => page.dataset.page === name)) return false;
  shown = name;
  for (const page of pages) page.hidden = page.dataset.page !== name;
  for (const link of links) {
    if (link.hash === location.hash) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  nameWindow();
  document.dispatchEvent(new Event("page"));
  return true;
}

function heading() {
  return document.querySelector(`.page[data-page=${shown}] h1`);
}

// nameWindow names page and state in the title. Away from the state's own page, the
// state is beside the name of the program.
function nameWindow() {
  const away = shown !== "runtime";
  document.title = [away && heading().textContent, now.title, say("title")].filter(Boolean).join(" – ");
  $("state-now").hidden = !away || !now.title;
  set($("state-now"), now.title || "");
}

addEventListener("hashchange", () => {
  if (!turn()) return;
  scrollTo(0, 0);
  heading().focus({ preventScroll: true });
});

$("skip").addEventListener("click", (event) => {
  event.preventDefault(); // the address keeps the name of the page
  heading().focus();
});

document.addEventListener("visibilitychange", () => document.dispatchEvent(new Event("page")));
document.addEventListener("state", nameWindow);
document.addEventListener("words", turn);
