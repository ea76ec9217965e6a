// New outputs are appended, never redrawn: what a reader looks at stays where it is.
const MOST = 500;
const log = element.querySelector(".live-log");
const pause = element.querySelector(".live-pause");
const jump = element.querySelector(".live-jump");
const note = element.querySelector(".live-note");
const wishes = [...element.querySelectorAll(".live-wish")];
const seen = new Set();
let waiting = [], paused = false, missed = 0, last = null, unread = 0;

const make = (tag, name, words) => {
  const one = document.createElement(tag);
  if (name) one.className = name;
  if (words !== undefined) one.textContent = words;
  return one;
};
const clock = (ms) => new Date(ms).toLocaleTimeString([], { hour12: false });
const atEnd = () => log.scrollTop + log.clientHeight >= log.scrollHeight - 24;

const cycleLine = (row) => {
  const line = make("div", "live-cycle");
  const link = make("a", "", `Cycle ${row.cycle.toLocaleString("en")}`);
  link.href = `?tab=detail&cycle=${row.cycle}`;
  link.dataset.cycle = row.cycle;
  line.append(link, make("span", "", row.scenario));
  return line;
};
const entry = (row) => {
  const one = make("article", "live-said");
  one.dataset.round = row.round;
  if (row.flags.length) one.dataset.flagged = "";
  const head = make("header");
  const who = make("span", `who who-${row.station}`, row.station);
  head.append(who, make("b", "", row.name), make("span", "live-round", row.round), make("time", "", clock(row.at)));
  if (row.bare) head.append(make("span", "chip chip-warm", "bare: asked without a criterion"));
  if (row.sequence) head.append(make("span", "chip", row.sequence));
  if (row.confirmed !== null)
    head.append(make("span", row.confirmed ? "chip chip-calm" : "chip", row.confirmed ? "CAN confirmed" : "CAN not confirmed"));
  for (const flag of row.flags) head.append(make("span", "chip chip-alarm", flag));
  one.append(head, make("p", "", row.text));
  return one;
};
const told = () => {
  jump.hidden = paused || !unread;
  jump.textContent = `Jump to latest · ${unread.toLocaleString("en")} new`;
  note.textContent = paused
    ? `Paused · ${(waiting.length + missed).toLocaleString("en")} waiting`
    : "Live: each output within two seconds of being written";
};
const append = (rows) => {
  const follow = atEnd() || !log.children.length;
  for (const row of rows) {
    if (row.cycle !== last) log.append(cycleLine(row));
    last = row.cycle;
    log.append(entry(row));
  }
  if (!follow) unread += rows.length;
  else {
    while (log.children.length > MOST) log.firstChild.remove();
    log.scrollTop = log.scrollHeight;
  }
  told();
};
const skipped = (count) => {
  if (count) log.append(make("p", "live-skip", `${count.toLocaleString("en")} outputs came in between; they stand in Cycle History.`));
};
const take = () => {
  const piece = props.value;
  if (!piece || !piece.rows) return;
  const rows = piece.rows.filter((row) => !seen.has(row.id));
  for (const row of rows) seen.add(row.id);
  if (seen.size > 8 * MOST) for (const id of [...seen].slice(0, 4 * MOST)) seen.delete(id);
  if (paused) {
    missed += piece.skipped;
    waiting.push(...rows);
    if (waiting.length > MOST) missed += waiting.splice(0, waiting.length - MOST).length;
    return told();
  }
  skipped(piece.skipped);
  append(rows);
};
pause.addEventListener("click", () => {
  paused = !paused;
  pause.textContent = paused ? "Go on" : "Pause";
  pause.setAttribute("aria-pressed", String(paused));
  if (!paused) {
    skipped(missed);
    const rows = waiting;
    waiting = [];
    missed = 0;
    append(rows);
  }
  told();
});
jump.addEventListener("click", () => {
  unread = 0;
  log.scrollTop = log.scrollHeight;
  while (log.children.length > MOST) log.firstChild.remove();
  told();
});
log.addEventListener("scroll", () => {
  if (unread && atEnd()) {
    unread = 0;
    told();
  }
});
for (const wish of wishes)
  wish.addEventListener("click", () => {
    const on = wish.getAttribute("aria-pressed") !== "true";
    wish.setAttribute("aria-pressed", String(on));
    log.classList.toggle(wish.dataset.hides, wish.dataset.when === "on" ? on : !on);
  });
take();
told();
watch("value", take);
