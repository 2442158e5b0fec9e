// The resident's form beside the service, anew whenever the typing pauses; the place where a value is typed only where
// one is needed. Without this, a button shows the form, and an unneeded value is not looked at.
const form = document.querySelector("form[data-edit]");
const frame = document.querySelector("[data-preview]");
const button = document.querySelector("[data-preview-button]");
let language = "";
let waiting = 0;
let asked = null;

async function show() {
  asked?.abort();
  asked = new AbortController();
  const sent = new FormData(form);
  if (language) sent.set("_lang", language);
  try {
    const answer = await fetch(button.formAction, { method: "POST", body: sent, signal: asked.signal });
    if (!answer.ok) return;
    const html = await answer.text();
    const top = frame.contentWindow?.scrollY ?? 0;
    frame.addEventListener("load", () => frame.contentWindow?.scrollTo(0, top), { once: true });
    frame.srcdoc = html;
  } catch { /* asked again, or no network: the button is still there */ }
}

function values() {
  for (const select of form.querySelectorAll("[data-term]")) {
    const box = select.closest(".term").querySelector("[data-term-value]");
    box.hidden = !select.value.includes(",null]");
  }
}

if (form && frame && button) {
  form.addEventListener("input", () => {
    values();
    clearTimeout(waiting);
    waiting = setTimeout(show, 450);
  });
  document.addEventListener("click", (event) => {
    const chosen = event.target.closest("[data-preview-lang], [data-preview-button]");
    if (!chosen) return;
    event.preventDefault();
    if (chosen.value) language = chosen.value;
    show();
  });
  show();
}
if (form) values();
