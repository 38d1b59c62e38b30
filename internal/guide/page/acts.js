// What the program can do about a problem, as buttons.
"use strict";

let offered = "[]";

function showActs(acts) {
  const text = JSON.stringify(acts);
  if (text === offered) return;
  offered = text;
  $("acts").hidden = !acts.length;
  $("acts").replaceChildren(...acts.map((act) => {
    const button = make("button", "primary", act.label);
    button.type = "button";
    button.addEventListener("click", () => post("/act?act=" + encodeURIComponent(act.act)).catch(lost));
    return button;
  }));
}
