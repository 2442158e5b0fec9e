// Who else has this case open, and who is writing. Says so for this page every half minute, at once when
// writing begins or ends, and when the page is left; without a script one sees the others as they were.
const place = document.querySelector("[data-looking]");
const EVERY = 25_000;

const token = () => document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
const field = (one) => /^(TEXTAREA|INPUT)$/.test(one.tagName) && one.type !== "hidden" &&
  !/radio|checkbox|file/.test(one.type) && one.value !== one.defaultValue && one.value.trim() !== "";
const writing = () => [...document.querySelectorAll("form[data-guard]")].some((form) => [...form.elements].some(field));
const body = (facts) => {
  const form = new FormData();
  form.set("csrfmiddlewaretoken", token());
  for (const [name, value] of Object.entries(facts)) if (value) form.set(name, "1");
  return form;
};

let said = null;
let timer = 0;
let asked = false;

async function tell() {
  clearTimeout(timer);
  timer = setTimeout(tell, EVERY);
  if (document.hidden && !writing()) return;
  if (asked) return;
  asked = true;
  said = writing();
  try {
    const answer = await fetch(place.dataset.looking, {
      method: "POST", body: body({ writing: said }), credentials: "same-origin",
    });
    if (answer.ok) put((await answer.text()).trim());
  } catch { /* the next beat says it */ } finally { asked = false; }
  if (writing() !== said) soon();
}

function put(html) {
  if (place.innerHTML.trim() !== html) place.innerHTML = html;
}

let wait = 0;
function soon() {
  clearTimeout(wait);
  wait = setTimeout(tell, 400);
}

function leave() {
  said = null;
  clearTimeout(timer);
  navigator.sendBeacon?.(place.dataset.looking, body({ gone: true }));
}

if (place) {
  document.addEventListener("input", () => { if (writing() !== said) soon(); });
  // The stream of the case tells of both; what is only about people asks for no new case.
  document.addEventListener("look:told", (event) => {
    if (!String(event.detail.channel).startsWith("looking:")) return;
    event.preventDefault();
    soon();
  });
  document.addEventListener("visibilitychange", () => { if (document.hidden && !writing()) leave(); else tell(); });
  addEventListener("pagehide", leave);
  tell();
}
