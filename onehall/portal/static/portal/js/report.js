// Makes the report form quicker where scripts run: drafts, questions that come and go, one sending at a time.
// Everything it does is also done by the server when the form is sent.
import { evaluate } from "./expressions.js";
import { startPhotos } from "./photos.js";
import { startPlace } from "./place.js";

const form = document.querySelector("form[data-report]");
const words = JSON.parse(document.getElementById("words").textContent);
const bar = document.querySelector("[data-bar-note]");
const send = document.querySelector("[data-send]");
const HOURS_KEPT = 47;
const STORE = `onehall-draft:${location.pathname}`;
const CONTACT = ["name", "email", "phone"];
const OWN = ["csrfmiddlewaretoken", "key", "pick", "call", "do", "website"];

// Where scripts run but the stylesheet can not know it (older browsers).
for (const one of document.querySelectorAll(".plain-only")) one.hidden = true;

const say = (text) => { bar.textContent = text; };

const page = {
  form,
  words,
  say,
  fill: (text, values) => text.replace(/\{(\w+)\}/g, (_all, name) => values[name]),
  changed: () => saveSoon(),
};
const photos = startPhotos(page);
const place = startPlace(page);

// --- what was typed is kept on this phone -----------------------------------------------------------

// Storage can be switched off or full; then nothing is kept, and the form works all the same.
function stored(where, value) {
  try {
    if (value === undefined) return JSON.parse(where.getItem(STORE));
    if (value === null) where.removeItem(STORE);
    else where.setItem(STORE, JSON.stringify(value));
    return true;
  } catch {
    return null;
  }
}

function typed(names) {
  const values = {};
  for (const [name, value] of new FormData(form)) {
    if (typeof value === "string" && value && !OWN.includes(name) && CONTACT.includes(name) === (names === CONTACT)) {
      (values[name] ??= []).push(value);
    }
  }
  return values;
}

let waiting = 0;
function saveSoon() {
  if (!("draft" in form.dataset)) return;
  clearTimeout(waiting);
  waiting = setTimeout(save, 250);
}

// Who it is from is kept only while the tab is open: a phone may be lent, a library's computer is shared.
function save(sending = false) {
  if (!("draft" in form.dataset)) return;
  clearTimeout(waiting);
  const draft = {
    at: Date.now(), key: form.elements.key.value, values: typed(), place: place?.kept(), photos: photos?.kept() ?? [],
    sending,
  };
  const something = Object.keys(draft.values).length || draft.photos.length || draft.place;
  const kept = stored(localStorage, something || sending ? draft : null);
  stored(sessionStorage, typed(CONTACT));
  if (kept && something && !sending) say(words.saved);
}

function put(values) {
  for (const [name, chosen] of Object.entries(values ?? {})) {
    for (const field of form.querySelectorAll(`[name="${CSS.escape(name)}"]`)) {
      if (/radio|checkbox/.test(field.type)) field.checked = chosen.includes(field.value);
      else if (field.type !== "file" && !field.value) field.value = chosen[0];
      field.closest("details")?.setAttribute("open", "");
    }
  }
}

function restore() {
  if (!("draft" in form.dataset)) return;
  const draft = stored(localStorage);
  if (!draft || Date.now() - draft.at > HOURS_KEPT * 3600_000) return;
  form.elements.key.value = draft.key;
  photos?.restore(draft.photos);
  put(draft.values);
  put(stored(sessionStorage));
  if (draft.place && !form.elements.pick.value) place?.choose(draft.place, { quietly: true });
  document.querySelector("[data-kept]").hidden = false;
  say(words.saved);
}

document.querySelector("[data-start-over]")?.addEventListener("click", () => {
  stored(localStorage, null);
  stored(sessionStorage, null);
  delete form.dataset.draft;
  location.reload();
});

// --- questions ----------------------------------------------------------------------------------------

const questions = [...form.querySelectorAll("[data-question]")];

function answerOf(box) {
  const fields = [...box.querySelectorAll("[name]")].filter((field) => !/radio|checkbox/.test(field.type) || field.checked);
  const given = fields.map((field) => field.value.trim()).filter(Boolean);
  switch (box.dataset.type) {
    case "choices": return given;
    case "yes_no": return given[0] ? given[0] === "yes" : null;
    case "number": {
      const number = Number((given[0] ?? "").replaceAll(" ", "").replace(",", "."));
      return given[0] && Number.isFinite(number) ? number : null;
    }
    default: return given[0] ?? null;
  }
}

function holds(tree, values) {
  try { return evaluate(JSON.parse(tree), values); } catch { return false; }
}

let stopped = null;
function ask() {
  const values = {};
  stopped = null;
  for (const box of questions) {
    const asked = !stopped && (!box.dataset.when || holds(box.dataset.when, values));
    box.hidden = !asked;
    box.classList.toggle("asked", asked);
    if (!asked) continue;
    const answer = answerOf(box);
    if (answer !== null) values[box.dataset.question] = answer;
    const says = box.querySelector("[data-stop-says]");
    if (!says) continue;
    const stop = answer !== null && holds(box.dataset.stop, values);
    says.hidden = !stop;
    if (stop) stopped = says;
  }
  if (stopped) send.setAttribute("aria-disabled", "true");
  else send.removeAttribute("aria-disabled");
}

// --- sending once -----------------------------------------------------------------------------------

let sending = false;
form.addEventListener("submit", async (event) => {
  const button = event.submitter;
  if (sending) return event.preventDefault();
  if (stopped && button?.value === "send") {
    event.preventDefault();
    say(words.stopped);
    stopped.focus();
    stopped.scrollIntoView({ block: "center" });
    return undefined;
  }
  if (navigator.onLine === false) {
    event.preventDefault();
    save();
    return say(words.offline);
  }
  if (photos?.busy() && !photos.carry()) {
    event.preventDefault();
    say(words.photosFirst);
    await photos.done();
    return form.requestSubmit(button);
  }
  sending = true;
  save(true);
  say(words.sendingReport);
  send.setAttribute("aria-disabled", "true");
  return undefined;
});

form.addEventListener("input", saveSoon);
form.addEventListener("change", () => { ask(); saveSoon(); });

// The back button: it is the same report still, and its page says where it went.
function sentBefore() {
  let facts = null;
  try { facts = JSON.parse(sessionStorage.getItem(STORE.replace("draft", "sent"))); } catch { /* switched off */ }
  if (!facts) return;
  const box = document.querySelector("[data-sent]");
  form.elements.key.value = facts.key;
  box.querySelector("a").href = facts.address;
  box.hidden = false;
}

addEventListener("pageshow", (event) => {
  const back = performance.getEntriesByType("navigation")[0]?.type === "back_forward";
  if (event.persisted || back) sentBefore();
  if (!event.persisted) return;
  sending = false;
  send.removeAttribute("aria-disabled");
  ask();
});
addEventListener("pagehide", () => { if (!sending && waiting) save(); });

restore();
photos?.early();
ask();
