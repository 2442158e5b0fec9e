// The desk while others work too: holds fresh news back while it would pull the page from under somebody's
// hands, and says that it is there. Also: a form is sent once, and a move's form takes the focus.
const bar = document.querySelector("[data-news]");
const words = bar?.querySelector("[data-news-words]");
const kept = bar?.querySelector("[data-news-kept]");
let waiting = null;

const dirty = (field) => {
  if (field.type === "file") return field.files.length > 0;
  if (field.type === "hidden" || !field.name) return false;
  if (/radio|checkbox/.test(field.type)) return field.checked !== field.defaultChecked;
  if (field.multiple && field.options) return [...field.options].some((one) => one.selected !== one.defaultSelected);
  // Where no option is marked as selected, a select begins with its first.
  if (field.tagName === "SELECT") return field.selectedIndex !== Math.max(0, [...field.options].findIndex((one) => one.defaultSelected));
  return field.value !== field.defaultValue;
};
const fields = (region) => [...region.querySelectorAll("input, textarea, select")];

// At the top of the first page and with nothing in hand, a list may change by itself.
function busy(region) {
  if (document.querySelector("dialog:modal")) return true;
  if (fields(region).some(dirty)) return true;
  if (!region.querySelector("tr[data-number]")) return false;
  const later = region.querySelector("[data-later]");
  return Boolean(later) || scrollY > 40 || region.contains(document.activeElement);
}

function count(region, html) {
  const numbers = (root) => [...root.querySelectorAll("tr[data-number]")].map((row) => row.dataset.number);
  const here = new Set(numbers(region));
  return numbers(new DOMParser().parseFromString(html, "text/html")).filter((one) => !here.has(one)).length;
}

// The counts of the rail change at once: they move nothing under anybody's finger.
function tellRail(html) {
  const fresh = new DOMParser().parseFromString(html, "text/html").querySelectorAll("[data-rail] [data-href]");
  for (const one of fresh) {
    for (const link of document.querySelectorAll(`.rail a[href="${CSS.escape(one.dataset.href)}"]`)) {
      let count = link.querySelector("b");
      if (!count) link.append(count = document.createElement("b"));
      if (count.textContent !== one.textContent) count.textContent = one.textContent;
    }
  }
}

document.addEventListener("look:news", (event) => {
  const region = event.target;
  tellRail(event.detail.html);
  if (!bar || !busy(region)) return;
  event.preventDefault();
  waiting = { region, ...event.detail };
  const fresh = count(region, event.detail.html);
  const text = fresh === 0 ? bar.dataset.changed : fresh === 1 ? bar.dataset.one : bar.dataset.many.replace("#", fresh);
  if (words.textContent !== text) words.textContent = text;
  bar.hidden = false;
});

bar?.querySelector("[data-news-show]").addEventListener("click", () => {
  if (!waiting) return;
  const { region, show } = waiting;
  const typed = fields(region).filter((field) => dirty(field) && /^(TEXTAREA|INPUT)$/.test(field.tagName) && !/radio|checkbox|file/.test(field.type));
  waiting = null;
  bar.hidden = true;
  show();
  // A form may be gone now: what was written in it stays in sight.
  const lost = typed.filter((field) => !(field.id && document.getElementById(field.id))).map((field) => field.value);
  kept.hidden = lost.length === 0;
  if (lost.length) {
    kept.querySelector("textarea").value = lost.join("\n\n");
    words.textContent = bar.dataset.changed;
    bar.hidden = false;
    bar.querySelector("[data-news-show]").hidden = true;
  }
  if (region.querySelector("tr[data-number]")) scrollTo({ top: 0 });
});

// One press, one act: a second press of a slow form is swallowed until the page answers.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || !form.matches("[data-once]")) return;
  if (sent.has(form)) event.preventDefault();
  else sent.add(form);
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });

// A move that asks for something: the first field is where one goes on.
document.addEventListener("toggle", (event) => {
  const fold = event.target;
  if (!fold.open || !fold.matches?.(".ask-move, .acts-list > details")) return;
  if (document.activeElement !== fold.querySelector("summary")) return;
  fold.querySelector(":is(input:not([type=hidden]), textarea, select):not([name=template])")?.focus();
}, true);
