// The update of the image: what it would change, before it is done.
"use strict";

{
  let working = false;

  const date = (text) => new Intl.DateTimeFormat(words.lang, { dateStyle: "medium" }).format(new Date(text));
  const short = (digest) => digest.replace(/^\w+:/, "").slice(0, 12);

  function note(text, bad) {
    $("update-note").classList.toggle("bad", !!bad);
    set($("update-note"), text);
  }

  // about returns what is known of an image.
  function about(image) {
    const made = image.made ? say("update.made", { date: date(image.made), age: age(image.made) }) : say("update.noDate");
    return [made, bytes(image.size), short(image.digests[0] || image.id)].join(" · ");
  }

  function age(text) {
    const days = Math.max(0, Math.floor((Date.now() - new Date(text)) / 86400e3));
    return new Intl.RelativeTimeFormat(words.lang, { numeric: "auto" }).format(-days, "day");
  }

  function show(plan) {
    const facts = [["image", plan.image]];
    if (plan.now) facts.push(["now", about(plan.now)]);
    if (plan.next) facts.push(["next", about(plan.next)]);
    else if (plan.news === "newer") facts.push(["next", say("update.unknownNext", { digest: short(plan.remote) })]);
    if (plan.previous) facts.push(["previous", about(plan.previous)]);
    $("update-facts").replaceChildren(...facts.flatMap(([name, text]) => [make("dt", "", say("update." + name)), make("dd", "", text)]));
    const possible = ["newer", "here", "unknown"].includes(plan.news);
    $("update-plan").hidden = false;
    $("update-what").hidden = !possible;
    $("update-do").hidden = !possible;
    note([say("update.news." + plan.news), plan.why && result({ problem: plan.why })].filter(Boolean).join(" "));
  }

  async function look() {
    enable($("update-look"), false);
    note(say("update.looking"));
    const response = await post("/update/plan").catch(() => null);
    enable($("update-look"), true);
    if (!response) {
      note(say("failed"), true);
      return;
    }
    const answer = await response.json();
    if (response.ok) {
      show(answer);
    } else {
      $("update-plan").hidden = true;
      note(result({ problem: answer }), true);
    }
  }

  async function begin(path) {
    const response = await post(path).catch(() => null);
    if (!response) note(say("failed"), true);
    else if (!response.ok) note(result({ problem: await response.json() }), true);
  }

  $("update-look").addEventListener("click", look);
  $("update-do").addEventListener("click", () => begin("/update"));
  $("update-undo").addEventListener("click", () => begin("/update/undo"));
  $("update-cancel").addEventListener("click", () => post("/work/cancel").catch(lost));

  // offer offers what can be done in the present state.
  function offer() {
    const undo = $("update-undo");
    undo.hidden = undo.hidden && !now.can.undoUpdate; // once there it stays, as it can have the focus
    enable(undo, now.can.undoUpdate && !working);
    enable($("update-do"), now.can.update && !working);
    enable($("update-look"), !working);
  }

  document.addEventListener("state", offer);

  document.addEventListener("work", ({ detail: work }) => {
    working = !work.ended;
    if (now.can) offer();
    const running = work.kind === "update" && !work.ended;
    const focused = $("update-work").contains(document.activeElement) || work.ended && $("update-plan").contains(document.activeElement);
    $("update-work").hidden = !running;
    if (focused && !running) $("update-look").focus();
    if (work.kind !== "update") return;
    if (running) {
      note(say("update.working"));
      return;
    }
    $("update-plan").hidden = true; // it is not so any more
    note(result(work), work.problem);
  });
}
