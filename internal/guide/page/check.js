// The section "check": does what Colab's page does, and shows each step once it is done.
"use strict";

let checking = null;

$("check-run").addEventListener("click", async () => {
  if (checking) {
    checking.abort();
    return;
  }
  checking = new AbortController();
  $("check-run").textContent = say("check.stop");
  $("check-steps").replaceChildren();
  $("check-steps").hidden = true;
  verdict("", say("check.running"));
  try {
    const response = await post("/check", checking.signal);
    if (!response.ok) throw new Error(response.statusText);
    await pieces(response, "\n", (text) => {
      const line = JSON.parse(text);
      if (line.step) showStep(line.step);
      else verdict(line.ok ? "ok" : "fail", line.verdict);
    });
  } catch {
    verdict("", say(checking.signal.aborted ? "check.stopped" : "check.failed"));
  }
  checking = null;
  $("check-run").textContent = say("check.run");
});

function verdict(kind, text) {
  $("verdict").className = kind;
  set($("verdict"), text);
}

// fixButton returns a button for the act of a step.
function fixButton(step) {
  const button = make("button", "small", step.label);
  button.type = "button";
  button.addEventListener("click", () => post("/" + step.act).catch(lost));
  return button;
}

function showStep(step) {
  const item = make("li", step.status);
  item.append(make("span", "mark", say("check." + step.status)), make("span", "name", step.name), make("span", "got", step.got || ""));
  const more = [];
  if (["warn", "fail"].includes(step.status) && step.expected) more.push(say("check.expected", { text: step.expected }));
  if (step.advice) more.push(step.advice);
  if (more.length) item.append(make("span", "more", more.join("\n")));
  if (step.command) item.append(commandLine(step.command));
  if (step.act) item.append(fixButton(step));
  $("check-steps").append(item);
  $("check-steps").hidden = false;
}

document.addEventListener("state", () => enable($("check-run"), now.can.check || checking));
