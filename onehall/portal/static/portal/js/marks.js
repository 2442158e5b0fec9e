// Things with a number on the map of the place picker. Each mark is a button with words; marks that would lie on each other
// are one mark for all of them. One of the marks is reached by Tab, the others from there by the arrow keys.
const SETTLED = 200;
const FINGER = 44;
const MOUSE = 30;
const WIDE = 1024;
const CLOSER = 2;
const NEAR = 2;
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };

export function startMarks({ map, sheet, says, words, fill, thing, ground, closer, address }) {
  const { L } = window;
  const shown = new Map();
  let things = [];
  let more = false;
  let chosen = "";
  let chosenWords = "";
  let pile = null;
  let asked = null;
  let timer = 0;

  function say() {
    const all = more ? words.more : words.some;
    let text = fill(things.length ? all : words.none, { n: things.length });
    if (things.some((one) => one.is_told)) text += ` ${words.told}`;
    if (pile && map.distance(map.getCenter(), pile.at) > NEAR) pile = null;
    if (pile) text = fill(words.pile, pile);
    if (chosen) text = fill(words.chosen, { words: chosenWords });
    if (says.textContent !== text) says.textContent = text;
  }

  // --- what is in view ---------------------------------------------------------------------------------

  async function look() {
    asked?.abort();
    asked = new AbortController();
    const box = map.getBounds();
    const sides = [box.getWest(), box.getSouth(), box.getEast(), box.getNorth()].map((side) => side.toFixed(6));
    try {
      const answer = await fetch(`${address}?box=${sides}`, { signal: asked.signal });
      if (!answer.ok) return;
      ({ things, more } = await answer.json());
      draw();
      say();
    } catch { /* the number and the list say the same */ }
  }

  // --- marks that do not lie on each other ----------------------------------------------------------------

  function gathered() {
    const coarse = matchMedia("(pointer: coarse)").matches || innerWidth < WIDE;
    const size = coarse ? FINGER : MOUSE;
    const room = map.getSize();
    const bar = sheet.querySelector(".leaflet-bar")?.getBoundingClientRect();
    const from = sheet.getBoundingClientRect();
    const spots = [];
    const first = (one) => Number(one.code !== chosen);
    for (const one of [...things].sort((a, b) => first(a) - first(b))) {
      const at = map.latLngToContainerPoint([one.lat, one.lon]);
      const cut = Math.min(at.x, at.y, room.x - at.x, room.y - at.y) < size / 2;
      const under = bar && at.x + from.left > bar.left - size / 2 && at.y + from.top < bar.bottom + size / 2;
      if (cut || under) continue;
      const spot = spots.find((other) => Math.abs(other.at.x - at.x) < size && Math.abs(other.at.y - at.y) < size);
      if (spot) spot.all.push(one);
      else spots.push({ at, size, all: [one] });
    }
    return spots;
  }

  function name({ all }) {
    if (all.length === 1) return all[0].label;
    const told = all.filter((one) => one.is_told).length;
    return fill(told ? words.manyTold : words.many, { n: all.length, told });
  }

  function draw() {
    const spots = gathered();
    const kept = new Set(spots.map((spot) => spot.all[0].code));
    const hadFocus = sheet.contains(document.activeElement) && document.activeElement !== sheet;
    for (const [code, mark] of shown) {
      if (kept.has(code)) continue;
      mark.marker.remove();
      shown.delete(code);
    }
    for (const spot of spots) put(spot);
    const stop = spots.find((spot) => shown.get(spot.all[0].code).button === document.activeElement) ?? spots[0];
    for (const { button } of shown.values()) button.tabIndex = -1;
    if (stop) shown.get(stop.all[0].code).button.tabIndex = 0;
    if (hadFocus && !sheet.contains(document.activeElement)) sheet.focus({ preventScroll: true });
  }

  function put(spot) {
    const [{ code, lat, lon }] = spot.all;
    const mark = shown.get(code) ?? made(code);
    mark.spot = spot;
    mark.marker.setLatLng([lat, lon]);
    const { button } = mark;
    const [side, half] = [`${spot.size}px`, `${-spot.size / 2}px`];
    Object.assign(button.parentElement.style, { width: side, height: side, margin: half });
    button.className = `thing${spot.all.length > 1 ? " many" : ""}${spot.all.some((one) => one.is_told) ? " told" : ""}`;
    button.firstElementChild.textContent = spot.all.length > 1 ? spot.all.length : "";
    button.setAttribute("aria-label", name(spot));
    if (code === chosen) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }

  function made(code) {
    const button = Object.assign(document.createElement("button"), { type: "button" });
    button.append(document.createElement("b"));
    const icon = L.divIcon({ className: "thing-at", html: button, iconSize: null });
    const mark = { button, marker: L.marker([0, 0], { icon, keyboard: false }), spot: null };
    // The map knows a tap from a drag that began on a mark; a press of a key has no place.
    mark.marker.on("click", () => take(mark));
    button.addEventListener("click", (event) => {
      if (event.detail) return;
      event.stopPropagation();
      take(mark);
    });
    button.addEventListener("keydown", (event) => walk(event, mark));
    button.addEventListener("focus", () => {
      for (const other of shown.values()) other.button.tabIndex = other === mark ? 0 : -1;
    });
    mark.marker.addTo(map);
    shown.set(code, mark);
    return mark;
  }

  // --- choosing, and going from one to the next -------------------------------------------------------------

  function take({ spot, button }) {
    const [one] = spot.all;
    button.focus({ preventScroll: true });
    if (spot.all.length === 1) return thing(one.code);
    const zoom = map.getZoom();
    if (zoom < map.getMaxZoom()) return closer([one.lat, one.lon], Math.min(map.getMaxZoom(), zoom + CLOSER));
    // As close as it gets: the list below the map names each of them.
    pile = { n: spot.all.length, at: [one.lat, one.lon] };
    closer(pile.at, zoom);
    return ground(one.lon, one.lat);
  }

  function walk(event, { spot }) {
    const way = WAYS[event.key];
    if (event.key === "Escape") {
      event.preventDefault();
      sheet.focus({ preventScroll: true });
    } else if (event.key === "+" || event.key === "-") {
      event.preventDefault();
      closer(map.getCenter(), map.getZoom() + (event.key === "+" ? 1 : -1));
    }
    if (!way) return;
    event.preventDefault();
    event.stopPropagation();
    let best = null;
    let least = Infinity;
    for (const other of shown.values()) {
      const [x, y] = [other.spot.at.x - spot.at.x, other.spot.at.y - spot.at.y];
      const along = x * way[0] + y * way[1];
      const far = along + 2 * Math.abs(x * way[1] + y * way[0]);
      if (along > 0 && far < least) [best, least] = [other, far];
    }
    best?.button.focus({ preventScroll: true });
  }

  const soon = () => { clearTimeout(timer); timer = setTimeout(look, SETTLED); };
  map.on("moveend", () => { draw(); soon(); });
  look();

  return {
    at(code) {
      const one = things.find((other) => other.code === code);
      return one ? [one.lat, one.lon] : null;
    },
    choose(code, named) {
      chosen = code;
      chosenWords = named ?? "";
      draw();
      say();
    },
    close() {
      clearTimeout(timer);
      asked?.abort();
      says.textContent = "";
    },
  };
}
