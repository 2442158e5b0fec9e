// The desk by keyboard: a letter for each move, "/" for the command box, "?" for the list of keys.
// And a word before unsaved text is lost. Everything here is also on the page.
const typing = (target) =>
  target.closest?.("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable]");
const dialog = document.getElementById("keys");
const lettersOn = dialog?.querySelector("[data-keys-on]");
const STORE = "onehall-letter-keys";

function remembered() {
  try { return localStorage.getItem(STORE) !== "off"; } catch { return true; }
}

if (lettersOn) {
  lettersOn.checked = remembered();
  lettersOn.addEventListener("change", () => {
    try { localStorage.setItem(STORE, lettersOn.checked ? "on" : "off"); } catch { /* private window */ }
  });
}

function showKeys() {
  const list = dialog.querySelector("[data-keys-here]");
  list.replaceChildren();
  for (const one of document.querySelectorAll("[data-key]")) {
    const term = document.createElement("dt");
    const key = document.createElement("kbd");
    const words = document.createElement("dd");
    key.textContent = one.dataset.key.toUpperCase();
    words.textContent = [...one.childNodes].filter((node) => node.nodeName !== "KBD")
      .map((node) => node.textContent).join("").trim();
    term.append(key);
    list.append(term, words);
  }
  list.hidden = !list.children.length;
  dialog.showModal();
}

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-keys]")) showKeys();
});

document.addEventListener("keydown", (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  if (typing(event.target) || document.querySelector("dialog:modal") || !remembered()) return;
  if (event.key === "/") {
    const box = document.querySelector(".cmd input");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  } else if (event.key === "?" && dialog) {
    event.preventDefault();
    showKeys();
  } else if (event.key.length === 1) {
    const match = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
    if (match && !match.disabled) { event.preventDefault(); match.focus(); match.click(); }
  }
});

const dirty = (form) => [...form.elements].some((field) =>
  /^(TEXTAREA|INPUT)$/.test(field.tagName) && field.type !== "hidden" && !/radio|checkbox|file/.test(field.type) &&
  field.value !== field.defaultValue);
let leaving = false;
document.addEventListener("submit", () => { leaving = true; });
addEventListener("pageshow", () => { leaving = false; });
addEventListener("beforeunload", (event) => {
  if (!leaving && [...document.querySelectorAll("form[data-guard]")].some(dirty)) event.preventDefault();
});
