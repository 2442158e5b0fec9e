// A list by keyboard and by the handful: j and k go along the rows, x chooses one, Shift+X all from the last
// chosen one on, o opens. Every box and link is reached by Tab as well; the letters only are quicker.
const typing = (target) =>
  target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const lettersOn = () => {
  try { return localStorage.getItem("onehall-letter-keys") !== "off"; } catch { return true; }
};
const region = document.getElementById("inbox");
const rows = () => [...(region ?? document).querySelectorAll("tr[data-number]")];
const boxOf = (row) => row?.querySelector("input[name=case]");
let last = null;

function here() {
  return document.activeElement?.closest?.("tr[data-number]");
}

function go(step) {
  const all = rows();
  const now = all.indexOf(here());
  const next = all[now < 0 ? (step > 0 ? 0 : all.length - 1) : now + step];
  if (!next) return;
  next.querySelector(".what a")?.focus();
  next.scrollIntoView({ block: "nearest" });
}

function choose(row, range) {
  const box = boxOf(row);
  if (!box) return;
  const all = rows();
  const from = all.findIndex((one) => one.dataset.number === last);
  const to = all.indexOf(row);
  if (range && from >= 0) {
    for (const one of all.slice(Math.min(from, to), Math.max(from, to) + 1)) boxOf(one).checked = true;
  } else {
    box.checked = !box.checked;
  }
  last = row.dataset.number;
  tell();
}

function tell() {
  const form = document.getElementById("bulk");
  if (!form) return;
  const all = rows().map(boxOf).filter(Boolean);
  const count = all.filter((box) => box.checked).length;
  const said = form.querySelector("[data-chosen]");
  const words = count === 0 ? said.dataset.none : count === 1 ? said.dataset.one : said.dataset.many.replace("#", count);
  if (said.textContent !== words) said.textContent = words;
  for (const button of form.querySelectorAll("[data-choose]")) {
    button.hidden = button.dataset.choose === "all" ? count === all.length : count === 0;
  }
  form.classList.toggle("some", count > 0);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-choose]");
  if (button) {
    for (const row of rows()) if (boxOf(row)) boxOf(row).checked = button.dataset.choose === "all";
    return tell();
  }
  const box = event.target.closest("input[name=case]");
  if (!box) return;
  const row = box.closest("tr");
  if (event.shiftKey && last) {
    box.checked = !box.checked;
    choose(row, true);
  }
  last = row.dataset.number;
  tell();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) || document.querySelector("dialog:modal") || !lettersOn()) return;
  const arrows = event.target === document.body || here();
  const acts = {
    j: () => go(1), k: () => go(-1),
    ArrowDown: arrows && here() ? () => go(1) : null, ArrowUp: arrows && here() ? () => go(-1) : null,
    x: () => choose(here(), false), X: () => choose(here(), true),
    o: () => here()?.querySelector(".what a")?.click(),
  };
  const act = acts[event.key];
  if (!act) return;
  event.preventDefault();
  act();
});

const keys = document.querySelector("template[data-list-keys]");
if (keys) document.querySelector("#keys dl")?.append(keys.content.cloneNode(true));

document.addEventListener("look:fresh", tell);
tell();
