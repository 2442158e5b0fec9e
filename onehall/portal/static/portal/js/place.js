// Where it is: suggestions while typing, the phone's own place, the map on request. All ways end in `choose`.
const TYPING = 220;
const SHORTEST = 2;

export function startPlace({ form, words, fill, say, changed }) {
  const field = form.elements.where;
  if (!field) return null;
  const part = (name) => form.querySelector(`[data-${name}]`);
  const pick = form.elements.pick;
  const list = part("finds");
  const voice = part("finds-say");
  const says = part("place-says");
  const card = part("here");
  let chosen = pick.value ? {
    pick: pick.value, words: part("here-words").textContent, note: part("here-note").textContent, ...JSON.parse(card.dataset.at ?? "{}"),
  } : null;
  let map = null;

  // --- one place, however it was found ---------------------------------------------------------------

  function choose(found, { quietly = false, keepMap = false } = {}) {
    chosen = found;
    pick.value = found.pick;
    field.value = found.words;
    says.replaceChildren();
    part("candidates")?.remove();
    part("here-words").textContent = found.words;
    part("here-note").textContent = found.note ?? "";
    card.hidden = false;
    if (!keepMap && map) map.go(found);
    else if (!map) picture(found);
    map?.mark(found);
    near(found.pick);
    if (!quietly) changed();
  }

  function forget() {
    if (!chosen) return;
    chosen = null;
    pick.value = "";
    if (!map) card.hidden = true;
    part("here-words").textContent = "";
    part("here-note").textContent = "";
    part("near-by").replaceChildren();
  }

  function picture({ pick: signed, words: name }) {
    const address = (scheme) => form.dataset.still.replace("/light", `/${scheme}`).replace("__________", encodeURIComponent(signed));
    const dark = Object.assign(document.createElement("source"), { media: "(prefers-color-scheme: dark)", srcset: address("dark") });
    const light = Object.assign(document.createElement("img"), { src: address("light"), width: 640, height: 280, alt: name });
    const both = document.createElement("picture");
    both.append(dark, light);
    part("map").replaceChildren(both);
  }

  let nearAsked = null;
  async function near(signed, { only = false } = {}) {
    nearAsked?.abort();
    nearAsked = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.near}?pick=${encodeURIComponent(signed)}`, { signal: nearAsked.signal });
      if (!answer.ok) return;
      const box = part("near-by");
      if (only) {
        // The choice itself stays as it is, and so does who has the focus.
        const got = document.createElement("template");
        got.innerHTML = await answer.text();
        box.querySelector("[data-told]").replaceWith(got.content.querySelector("[data-told]"));
      } else box.innerHTML = await answer.text();
    } catch { /* the server looks again when the form is sent */ }
  }

  function complain(text) {
    const row = form.querySelector("template[data-err]").content.firstElementChild.cloneNode(true);
    row.querySelector("span").textContent = text;
    says.replaceChildren(row);
  }

  function tell(text) {
    says.replaceChildren(Object.assign(document.createElement("p"), { className: "hint", textContent: text }));
  }

  async function at(lon, lat, accuracy, options) {
    const query = new URLSearchParams({ lon, lat, accuracy: Math.round(accuracy) });
    // An address whose house is not known keeps its words while its pin is set on the map.
    if (options?.keepMap && chosen) query.set("pick", chosen.pick);
    let answer;
    try {
      const got = await fetch(`${form.dataset.name}?${query}`);
      if (!got.ok) throw new Error(String(got.status));
      answer = await got.json();
    } catch {
      return complain(words.noAnswer);
    }
    if (answer.outside) {
      forget();
      field.value = "";
      return says.replaceChildren(form.querySelector("template[data-outside]").content.cloneNode(true));
    }
    if (answer.vague) return complain(fill(words.vague, { distance: answer.vague }));
    return choose(answer.place, options);
  }

  // --- suggestions: a combobox ---------------------------------------------------------------------------

  Object.entries({ role: "combobox", "aria-expanded": "false", "aria-controls": "finds", "aria-autocomplete": "list" })
    .forEach(([name, value]) => field.setAttribute(name, value));
  list.setAttribute("role", "listbox");
  list.setAttribute("aria-label", form.querySelector('label[for="id_where"]').innerText);
  let found = [];
  let active = -1;
  let timer = 0;
  let asked = null;

  function close() {
    clearTimeout(timer);
    asked?.abort();
    active = -1;
    list.hidden = true;
    field.setAttribute("aria-expanded", "false");
    field.removeAttribute("aria-activedescendant");
  }

  function show(places) {
    found = places;
    active = -1;
    list.replaceChildren(...places.map((one, index) => {
      const row = document.createElement("li");
      row.id = `find-${index}`;
      row.setAttribute("role", "option");
      row.setAttribute("aria-selected", "false");
      row.append(one.words);
      if (one.note) row.append(Object.assign(document.createElement("small"), { textContent: one.note }));
      row.addEventListener("pointerdown", (event) => event.preventDefault());
      row.addEventListener("click", () => take(index));
      return row;
    }));
    list.hidden = !places.length;
    if (places.length) list.scrollIntoView({ block: "nearest" });
    field.setAttribute("aria-expanded", String(!!places.length));
    field.removeAttribute("aria-activedescendant");
    voice.textContent = places.length ? fill(words.found, { n: places.length }) : words.notFound;
  }

  function mark(index) {
    active = index;
    [...list.children].forEach((row, at_) => row.setAttribute("aria-selected", String(at_ === index)));
    if (index < 0) return field.removeAttribute("aria-activedescendant");
    field.setAttribute("aria-activedescendant", `find-${index}`);
    return list.children[index].scrollIntoView({ block: "nearest" });
  }

  function take(index) {
    close();
    choose(found[index]);
    voice.textContent = "";
  }

  async function find() {
    const text = field.value.trim();
    asked?.abort();
    if (text.length < SHORTEST) return close();
    asked = new AbortController();
    try {
      const answer = await fetch(`${form.dataset.find}?q=${encodeURIComponent(text)}`, { signal: asked.signal });
      if (answer.ok && document.activeElement === field) show((await answer.json()).places);
    } catch { /* typed words are taken as they are */ }
    return undefined;
  }

  field.addEventListener("input", () => {
    if (chosen && field.value !== chosen.words) forget();
    clearTimeout(timer);
    timer = setTimeout(find, TYPING);
  });
  field.addEventListener("blur", close);
  field.addEventListener("keydown", (event) => {
    const open = !list.hidden;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      if (!open) return find();
      const step = event.key === "ArrowDown" ? 1 : -1;
      return mark((active + step + found.length + (active < 0 && step < 0 ? 1 : 0)) % found.length);
    }
    if (event.key === "Escape" && open) {
      event.preventDefault();
      return close();
    }
    if (event.key === "Enter") {
      // Enter here looks for the place; it never sends the report by accident.
      event.preventDefault();
      if (open && active >= 0) return take(active);
      return find();
    }
    return undefined;
  });

  // --- where I am now --------------------------------------------------------------------------------

  const gps = part("gps");
  if (!("geolocation" in navigator)) gps.hidden = true;
  gps.addEventListener("click", () => {
    tell(words.finding);
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => at(coords.longitude, coords.latitude, coords.accuracy),
      (error) => complain(error.code === error.PERMISSION_DENIED ? words.denied : words.noFix),
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 0 },
    );
  });

  // --- the map, only when asked for ----------------------------------------------------------------------

  const shower = part("show-map");
  const label = shower?.querySelector("span");
  const showWords = label?.textContent;
  shower?.addEventListener("click", async () => {
    if (map) {
      map.close();
      map = null;
      if (chosen) picture(chosen);
      else card.hidden = true;
    } else {
      try {
        const { openMap } = await import(shower.dataset.scriptSrc);
        card.hidden = false;
        if (!chosen) part("here-words").textContent = words.mapMove;
        map = await openMap({
          box: part("map"), button: shower, words, start: chosen, fill, says: part("things-say"), thing,
          moved: (lon, lat) => at(lon, lat, 0, { keepMap: true }),
        });
      } catch {
        map = null;
        if (!chosen) card.hidden = true;
        return complain(words.mapFailed);
      }
    }
    shower.setAttribute("aria-expanded", String(!!map));
    label.textContent = map ? words.mapHide : showWords;
    return undefined;
  });

  // A mark on the map stands for a thing: it is chosen as if its number had been typed.
  async function thing(code) {
    try {
      const got = await fetch(`${shower.dataset.things}?code=${encodeURIComponent(code)}`);
      if (!got.ok) throw new Error(String(got.status));
      return choose((await got.json()).place);
    } catch {
      return complain(words.noAnswer);
    }
  }

  // A numbered thing that was chosen is the place.
  part("near-by").addEventListener("change", ({ target }) => {
    if (target.name !== "asset") return;
    map?.mark(target.dataset);
    part("here-words").textContent = target.dataset.words;
    near(target.value, { only: true });
  });

  return { choose, kept: () => (chosen?.pick ? chosen : null), say };
}
