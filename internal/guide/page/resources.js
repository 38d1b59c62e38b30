// The section "What it uses": plots of what the engine and the driver measure.
"use strict";

const span = 120; // seconds that a plot covers
const gap = 5; // seconds without a sample that a line does not cross

class Plot {
  // format makes a text of a value of the scale.
  constructor(id, name, format) {
    this.format = format;
    this.figure = $("plot").content.firstElementChild.cloneNode(true);
    this.figure.id = "use-" + id;
    for (const part of ["value", "scale", "line", "area"]) this[part] = this.figure.querySelector("." + part);
    set(this.figure.querySelector(".name"), name);
    this.clear();
  }

  clear() {
    this.past = [];
    set(this.value, say("use.waiting"));
    set(this.scale, "");
    this.line.removeAttribute("d");
    this.area.removeAttribute("d");
  }

  // add draws one more sample. The scale ends at top, or above the largest sample if that
  // is higher.
  add(sample, text, top = 0) {
    const at = performance.now() / 1000;
    this.past = [...this.past.filter((s) => at - s.at < span), { at, sample }];
    const peak = Math.max(...this.past.map((s) => s.sample));
    const most = peak > top ? round(peak) : top || 1;
    set(this.value, text);
    set(this.scale, say("use.scale", { most: this.format(most), peak: this.format(peak), minutes: span / 60 }));
    const lines = [];
    this.past.forEach(({ at: then, sample: s }, i) => {
      if (i === 0 || then - this.past[i - 1].at > gap) lines.push([]);
      lines.at(-1).push({ x: (120 - 120 * (at - then) / span).toFixed(1), y: (38 - 35 * s / most).toFixed(1) });
    });
    const along = (points) => points.map((p) => `${p.x} ${p.y}`).join("L");
    this.line.setAttribute("d", lines.map((points) => "M" + along(points)).join(""));
    this.area.setAttribute("d", lines.map((points) => `M${points[0].x} 40L${along(points)}L${points.at(-1).x} 40Z`).join(""));
  }
}

// round returns a round number that is not less.
function round(n) {
  const unit = 10 ** Math.floor(Math.log10(n));
  return [1, 2, 5, 10].find((f) => f * unit >= n) * unit;
}

const percent = (n) => new Intl.NumberFormat(words.lang, { style: "percent" }).format(n);
const rate = (n) => say("use.rate", { amount: bytes(n) });

let plots = {};

function showUsage(u) {
  plots.cpu.add(u.cpu, say("use.cpuValue", { used: number(u.cpu), all: u.cpus }), u.cpus);
  plots.memory.add(u.memory, say("use.memoryValue", { used: bytes(u.memory), all: bytes(u.memoryLimit) }), u.memoryLimit);
  plots.disk.figure.hidden = !u.hasDisk;
  plots.disk.add(u.diskRead + u.diskWrite, say("use.diskValue", { read: bytes(u.diskRead), write: bytes(u.diskWrite) }), 1e6);
  plots.network.figure.hidden = !u.hasNetwork;
  plots.network.add(u.received + u.sent, say("use.networkValue", { received: bytes(u.received), sent: bytes(u.sent) }), 1e6);
}

function showGPU(u) {
  plots.gpu.figure.hidden = plots.vram.figure.hidden = false;
  plots.gpu.add(u.busy, percent(u.busy), 1);
  plots.vram.add(u.memory, say("use.memoryValue", { used: bytes(u.memory), all: bytes(u.memoryTotal) }), u.memoryTotal);
}

document.addEventListener("words", () => {
  plots = {
    cpu: new Plot("cpu", say("use.cpu"), number),
    memory: new Plot("memory", say("use.memory"), bytes),
    gpu: new Plot("gpu", say("use.gpu"), percent),
    vram: new Plot("vram", say("use.vram"), bytes),
    disk: new Plot("disk", say("use.disk"), rate),
    network: new Plot("network", say("use.network"), rate),
  };
  for (const name of ["gpu", "vram", "disk", "network"]) plots[name].figure.hidden = true;
  $("plots").replaceChildren(...Object.values(plots).map((plot) => plot.figure));
});

document.addEventListener("state", () => {
  $("use").hidden = !now.runs;
  if (!now.runs) for (const plot of Object.values(plots)) plot.clear();
});

let cardsOf = ""; // the machine whose graphics cards were asked for

// askCards tells the graphics cards of another machine. Those of this computer are
// measured instead.
async function askCards() {
  const of = now.runs && now.machine || "";
  if (!of) {
    cardsOf = "";
    $("use-cards").hidden = true;
  }
  if (!of || of === cardsOf || !seen("resources")) return;
  cardsOf = of;
  const response = await get("/cards").catch(() => null);
  if (of !== cardsOf) return; // asked again meanwhile
  const cards = response && response.ok ? await response.json() : undefined;
  let text = "";
  if (cards === undefined) {
    text = say("use.cardsUnknown", { machine: of });
    cardsOf = "";
  } else if (cards) {
    text = cards.length ? say("use.cardsThere", { machine: of, cards: cards.join("; ") }) : say("use.cardsNone", { machine: of });
  }
  set($("use-cards"), text);
  $("use-cards").hidden = !text;
}

document.addEventListener("page", askCards);
document.addEventListener("state", askCards);
