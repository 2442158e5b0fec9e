// Keeps a region of a page fresh. The server sends the HTML; this file only listens, fetches and swaps.
//   <div id="case" data-live="/live/..." data-live-fragment="/case/.../fragment">
// With a stream: one fetch after each message. Without: a look every 15 seconds, slower when it fails.
const EVERY = 15_000;
const SLOWEST = 5 * 60_000;

const note = document.querySelector("[data-live-note]");
const voice = document.createElement("p");
voice.className = "sr";
voice.setAttribute("role", "status");
document.body.append(voice);

function say(state) {
  if (!note) return;
  note.textContent = note.dataset[state];
  note.hidden = false;
}

// What somebody is writing or pointing at must survive the swap.
function keep(region) {
  const active = document.activeElement;
  const typed = new Map();
  for (const field of region.querySelectorAll("input, textarea, select")) {
    if (!field.name || field.type === "hidden" || field.type === "file") continue;
    const key = `${field.name}|${field.type === "radio" || field.type === "checkbox" ? field.value : ""}`;
    const changed = "checked" in field && /radio|checkbox/.test(field.type)
      ? field.checked !== field.defaultChecked
      : field.value !== (field.defaultValue ?? field.value);
    if (changed) typed.set(key, field);
  }
  const open = [...region.querySelectorAll("details[open][id]")].map((one) => one.id);
  const where = region.contains(active)
    ? { id: active.id, name: active.name, start: active.selectionStart, end: active.selectionEnd }
    : null;
  const chosen = [...region.querySelectorAll("input[type=file][id]")].filter((field) => field.files.length);
  return { typed, open, chosen, where };
}

function restore(region, kept) {
  for (const [key, old] of kept.typed) {
    const [name, value] = key.split("|");
    const now = [...region.querySelectorAll(`[name="${CSS.escape(name)}"]`)]
      .find((field) => !/radio|checkbox/.test(field.type) || field.value === value);
    if (!now) continue;
    if (/radio|checkbox/.test(now.type)) now.checked = old.checked;
    else now.value = old.value;
  }
  for (const field of kept.chosen) document.getElementById(field.id)?.replaceWith(field);
  for (const id of kept.open) document.getElementById(id)?.setAttribute("open", "");
  if (!kept.where) return;
  const { id, name, start, end } = kept.where;
  const target = (id && document.getElementById(id)) ||
    (name && region.querySelector(`[name="${CSS.escape(name)}"]`));
  target?.focus({ preventScroll: true });
  if (target && start != null) {
    try { target.setSelectionRange(start, end); } catch { /* not every input has a selection */ }
  }
}

class Region {
  constructor(element) {
    this.element = element;
    this.wait = EVERY;
    this.etag = element.dataset.liveEtag ?? "";
    this.asked = false;
    this.timer = 0;
    this.listen();
    document.addEventListener("visibilitychange", () => this.pause());
  }

  listen() {
    const address = this.element.dataset.live;
    if (!address || !("EventSource" in window)) return this.poll();
    this.stream = new EventSource(address);
    this.stream.onopen = () => { this.stopPolling(); say("live"); };
    this.stream.onmessage = (event) => { if (this.told(event.data)) this.fresh(); };
    this.stream.onerror = () => this.poll();
  }

  // A page may take news that are not about the region; anything else, and what is not understood, is.
  told(data) {
    let detail = {};
    try { detail = JSON.parse(data); } catch { /* then it is about the region */ }
    return this.element.dispatchEvent(new CustomEvent("look:told", { bubbles: true, cancelable: true, detail }));
  }

  pause() {
    if (document.hidden) {
      this.stream?.close();
      this.stream = null;
      this.stopPolling();
    } else {
      this.fresh();
      this.listen();
    }
  }

  poll() {
    // A closed stream does not come back by itself; one that is still trying may, and then polling ends.
    if (this.stream?.readyState === EventSource.CLOSED) this.stream = null;
    if (this.timer || document.hidden) return;
    say("checking");
    this.timer = setTimeout(async () => {
      const well = await this.fresh();
      this.wait = well ? EVERY : Math.min(this.wait * 2, SLOWEST);
      this.timer = 0;
      if (this.stream?.readyState !== EventSource.OPEN) this.poll();
    }, this.wait);
  }

  stopPolling() {
    clearTimeout(this.timer);
    this.timer = 0;
    this.wait = EVERY;
  }

  async fresh() {
    if (this.asked) { this.again = true; return true; }
    this.asked = true;
    try {
      const answer = await fetch(this.element.dataset.liveFragment, {
        headers: { "X-Requested-With": "live", ...(this.etag && { "If-None-Match": this.etag }) },
        credentials: "same-origin",
        cache: "no-store",
      });
      if (answer.status === 304) return true;
      if (!answer.ok) return false;
      this.etag = answer.headers.get("ETag") ?? "";
      this.swap(await answer.text());
      return true;
    } catch {
      return false;
    } finally {
      this.asked = false;
      if (this.again) { this.again = false; this.fresh(); }
    }
  }

  swap(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const inside = page.getElementById(this.element.id)?.innerHTML ?? page.body.innerHTML;
    if (inside.trim() === this.last) return;
    // A page may hold the news back, and show them when the reader asks.
    const detail = { html: inside, show: () => this.put(inside) };
    if (!this.element.dispatchEvent(new CustomEvent("look:news", { bubbles: true, cancelable: true, detail }))) return;
    this.put(inside);
  }

  put(inside) {
    this.last = inside.trim();
    const kept = keep(this.element);
    this.element.innerHTML = inside;
    restore(this.element, kept);
    const news = this.element.querySelector("[data-live-say]")?.textContent ??
      this.element.querySelector(".time > li")?.textContent;
    if (news && news !== this.news) voice.textContent = news;
    this.news = news;
    this.element.dispatchEvent(new CustomEvent("look:fresh", { bubbles: true }));
  }
}

for (const element of document.querySelectorAll("[data-live-fragment]")) new Region(element);
