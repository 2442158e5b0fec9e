// Acting on many cases without leaving the list: the page of the act opens in a dialog over it. Same address,
// same page; this file only fetches it and keeps the list, and what is ticked in it, underneath. Esc goes back.
const region = document.getElementById("inbox");
const mould = document.querySelector("template[data-over]");
const AGAIN = 1_500;

let dialog = null;
let inside = null;
let address = "";
let chosen = "";
let timer = 0;

const find = (name) => dialog.querySelector(`[data-over-${name}]`);
const picked = (data) => JSON.stringify([...data].filter(([name]) => name === "case" || name === "all"));
const running = () => inside.querySelector("progress") !== null;
// Once the act was begun the list is no longer what it was.
const begun = () => inside.querySelector("[data-begun]") !== null;

async function ask(url, options = {}) {
  const answer = await fetch(url, { credentials: "same-origin", cache: "no-store", ...options });
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  // Signed out, or an error: the whole page has to say so.
  if (!page.getElementById("bulk-title") && !page.querySelector("#main .notice")) throw new Error(answer.url);
  if (page.getElementById("bulk-title")) address = answer.url;
  return page;
}

function show(page, { focus = true } = {}) {
  const parts = page.getElementById("bulk-title")
    ? [...page.getElementById("main").children].filter((one) => !one.matches(".crumb, dialog"))
    : [...page.querySelectorAll("#main .notice")];
  inside.replaceChildren(...parts.map((one) => document.importNode(one, true)));
  find("page").href = address || "#";
  find("page").hidden = !address;
  find("trouble").hidden = true;
  if (focus) start();
  clearTimeout(timer);
  if (running()) timer = setTimeout(look, AGAIN);
}

// Where one goes on: at what went wrong, at the field or button that is next, else at the head.
function start() {
  const next = inside.querySelector(".notice, .preview, [data-begun]") ?? inside.querySelector("h1");
  const target = next?.matches("h1, .notice") ? next : next?.querySelector("h2") ?? next;
  target?.setAttribute("tabindex", "-1");
  target?.focus();
}

// While it runs only the bar moves; what is in somebody's hands stays.
async function look() {
  if (!dialog?.open) return;
  try {
    const page = await ask(address);
    const bar = page.querySelector("#main progress");
    if (!bar || !running()) return show(page);
    inside.querySelector("progress").value = bar.value;
    inside.querySelector("[role=status]").textContent = page.querySelector("#main [role=status]").textContent;
  } catch { /* the next look may get through */ }
  timer = setTimeout(look, AGAIN);
}

async function send(form, submitter) {
  const data = new FormData(form, submitter);
  dialog.setAttribute("aria-busy", "true");
  try {
    show(await ask(form.getAttribute("action") || address, { method: "POST", body: new URLSearchParams(data) }));
  } catch (problem) {
    if (/^http/.test(problem.message)) return location.assign(problem.message);
    find("trouble").hidden = false;
  } finally {
    dialog?.removeAttribute("aria-busy");
  }
}

function open(form, submitter) {
  const now = picked(new FormData(form));
  // Closed and opened again with the same cases: what was typed is still there.
  if (dialog && now === chosen && address) return dialog.showModal();
  dialog?.remove();
  dialog = mould.content.querySelector("dialog").cloneNode(true);
  inside = find("inside");
  address = "";
  chosen = now;
  // Another choice is another act: the key of the page was for the first one.
  form.elements.namedItem("key").value = crypto.randomUUID?.() ?? "";
  document.body.append(dialog);
  listen(submitter);
  dialog.showModal();
  send(form, submitter);
}

function listen(opener) {
  const mine = dialog;
  mine.addEventListener("submit", (event) => {
    if (event.target.method === "dialog") return;
    event.preventDefault();
    if (mine.getAttribute("aria-busy") !== "true") send(event.target, event.submitter);
  });
  mine.addEventListener("click", (event) => {
    const link = event.target.closest("a[href]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || link === find("page")) return;
    const to = new URL(link.href);
    if (to.pathname === location.pathname && to.search === location.search) {
      event.preventDefault();
      mine.close();
    } else if (to.href === address) {
      event.preventDefault();
      look();
    }
  });
  mine.addEventListener("close", () => {
    clearTimeout(timer);
    if (begun()) return location.reload();
    (opener?.isConnected ? opener : region.querySelector("#bulk [type=submit]"))?.focus();
  });
}

if (region && mould && "FormData" in window) {
  region.addEventListener("submit", (event) => {
    if (event.target.id !== "bulk") return;
    event.preventDefault();
    open(event.target, event.submitter);
  });
}
