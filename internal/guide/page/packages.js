// The section of the Python packages that were installed by hand.
"use strict";

async function askPackages(path) {
  const look = $("packages-look");
  look.disabled = true;
  set($("packages-note"), say("packages.looking"));
  const response = await post(path).catch(() => null);
  look.disabled = false;
  if (response && response.ok) showPackages(await response.json());
  else set($("packages-note"), say("failed"));
  if (document.activeElement === document.body) look.focus(); // its button is disabled or gone
}

function showPackages(found) {
  if (found.problem) {
    const { short, hint, command } = found.problem;
    set($("packages-note"), [short + ".", hint, command].filter(Boolean).join(" "));
    return;
  }
  const lost = found.packages.filter((p) => !p.survives);
  const survivors = found.packages.filter((p) => p.survives);
  set($("packages-note"), say(lost.length ? "packages.lostNote" : "packages.noneLost", { count: lost.length }));
  $("packages-lost").replaceChildren(...lost.map((p) => packageItem(p, found.can_keep)));
  $("packages-lost").hidden = !lost.length;
  $("packages-keep-all").hidden = !found.can_keep || !found.toKeep;
  const more = [];
  if (lost.length && !found.can_keep) more.push(say("packages.cannotKeep"));
  if (survivors.length) more.push(say("packages.survive", { names: survivors.map((p) => `${p.name} ${p.version}`).join(", ") }));
  if (found.volume_unknown) more.push(say("packages.volumeUnknown"));
  if (found.incomplete) more.push(say("packages.incomplete"));
  set($("packages-more"), more.join(" "));
}

function packageItem(p, canKeep) {
  const item = make("li", "");
  item.append(make("span", "name", `${p.name} ${p.version}`), " ");
  const about = p.kept ? "kept" : p.manager === "conda" ? "conda" : !p.requirement ? "noIndex" : p.requested ? "" : "needed";
  if (about) item.append(make("span", "quiet", say("packages." + about)), " ");
  if (canKeep && p.requirement && !p.kept) {
    const button = make("button", "small", say("packages.keep"));
    button.type = "button";
    button.setAttribute("aria-label", say("packages.keepName", { name: p.name }));
    button.addEventListener("click", () => askPackages("/packages/keep?name=" + encodeURIComponent(p.name)));
    item.append(button);
  }
  return item;
}

$("packages-look").addEventListener("click", () => askPackages("/packages"));
$("packages-keep-all").addEventListener("click", () => askPackages("/packages/keep"));
