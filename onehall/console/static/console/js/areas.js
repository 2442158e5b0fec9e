// The live map of areas. On the page of a layer it shows them; on the page of an area its corners are clicked, moved and
// taken away, and stand in the text field that is sent. Without this file the still drawing and the text do the same.
import { cross, load } from "../../look/js/leaflet.js";
import { asText, parsed } from "./corners.js";

const STEP = 8;
const NEAR = 10;
const MOST_NEIGHBOURS = 20000;
const box = document.querySelector("[data-areas-live]");

async function open() {
  await load(box.dataset);
  const { L } = window;
  const words = JSON.parse(box.dataset.words);
  const sheet = document.createElement("div");
  sheet.className = "chart";
  sheet.setAttribute("role", "application");
  sheet.setAttribute("aria-label", words.map);
  box.replaceChildren(sheet);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const address = () => box.dataset.tiles.replace("{scheme}", dark.matches ? "dark" : "light");
  const map = L.map(sheet, {
    zoomControl: false, attributionControl: false, doubleClickZoom: false, minZoom: 10, maxZoom: 19,
    keyboardPanDelta: 40, zoomAnimation: !calm, fadeAnimation: !calm, inertia: !calm,
  });
  const bounds = JSON.parse(box.dataset.bounds);
  const city = bounds && L.latLngBounds([bounds[1], bounds[0]], [bounds[3], bounds[2]]);
  const tiles = L.tileLayer(address(), { tileSize: 512, zoomOffset: -1, minZoom: 11, maxZoom: 19, ...(city && { bounds: city.pad(0.25) }) });
  tiles.addTo(map);
  dark.addEventListener("change", () => tiles.setUrl(address()));
  L.control.zoom({ position: "topright", zoomInTitle: words.closer, zoomOutTitle: words.farther }).addTo(map);
  if (city) map.fitBounds(city, { animate: false });
  else map.setView([20, 0], 10);
  const answer = await fetch(box.dataset.shapes, { credentials: "same-origin" });
  const shapes = answer.ok ? await answer.json() : { features: [] };
  if (box.dataset.mode === "draw") draw({ L, map, sheet, words, shapes });
  else look({ L, map, shapes });
  box.dataset.ready = "yes";
}

function look({ L, map, shapes }) {
  const drawn = L.geoJSON(shapes, { style: ({ properties }) => ({ className: `area tone${properties.tone}`, weight: 2 }) });
  drawn.eachLayer((layer) => {
    // As a node, not as text: Leaflet would read text as HTML.
    const name = Object.assign(document.createElement("span"), { textContent: layer.feature.properties.name });
    layer.bindTooltip(name, { sticky: true });
  });
  drawn.addTo(map);
  if (shapes.features.length) map.fitBounds(drawn.getBounds(), { animate: false });
}

function draw({ L, map, sheet, words, shapes }) {
  const field = document.querySelector("[data-corners]");
  const say = document.querySelector("[data-corner-say]");
  const remove = document.querySelector("[data-corner-remove]");
  const further = document.querySelector("[data-corner-part]");
  const most = Number(box.dataset.most);
  const others = shapes.features.filter((one) => String(one.properties.n) !== box.dataset.n);
  const flat = (many) => (typeof many[0] === "number" ? [many] : many.flatMap(flat));
  const neighbours = others.flatMap((one) => flat(one.geometry.coordinates)).slice(0, MOST_NEIGHBOURS);
  const around = L.geoJSON({ type: "FeatureCollection", features: others }, { interactive: false, style: () => ({ className: "area other", weight: 2 }) }).addTo(map);
  const outline = L.layerGroup().addTo(map);
  const dots = L.layerGroup().addTo(map);
  sheet.append(cross());
  let rings = [];
  let chosen = null;

  const total = () => rings.reduce((sum, ring) => sum + ring.points.length, 0);
  const tell = (text, number) => { say.textContent = text.replace("{n}", number).replace("{all}", total()); };
  const write = () => { field.value = asText(rings); };

  // A corner close to one of a neighbour becomes the same, so that no gap is left between them.
  function snapped({ lng, lat }) {
    const spot = map.latLngToContainerPoint([lat, lng]);
    let [best, away] = [null, NEAR];
    for (const [x, y] of neighbours) {
      const far = map.latLngToContainerPoint([y, x]).distanceTo(spot);
      if (far < away) [best, away] = [[x, y], far];
    }
    return best ?? [Number(lng.toFixed(6)), Number(lat.toFixed(6))];
  }

  function shape() {
    outline.clearLayers();
    const parts = [];
    for (const { hole, points } of rings) {
      const line = points.map(([x, y]) => [y, x]);
      if (hole && parts.length) parts.at(-1).push(line);
      else parts.push([line]);
    }
    for (const part of parts) {
      const flatPart = part[0].length > 2;
      (flatPart ? L.polygon(part, { interactive: false, className: "area chosen", weight: 3 }) : L.polyline(part[0], { interactive: false, className: "area chosen", weight: 3 })).addTo(outline);
    }
  }

  function mark(ring, n, { focus = false } = {}) {
    chosen = ring ? { ring, n } : null;
    remove.disabled = !chosen;
    further.disabled = !rings.length || !rings.at(-1).points.length;
    dots.eachLayer((dot) => {
      const here = chosen !== null && dot.ring === ring && dot.n === n;
      dot.getElement()?.classList.toggle("here", here);
      if (here && focus) dot.getElement()?.focus({ preventScroll: true });
    });
  }

  function corners() {
    dots.clearLayers();
    if (total() > most) { say.textContent = words.many; return; }
    let number = 0;
    for (const ring of rings) {
      ring.points.forEach(([x, y], n) => {
        number += 1;
        const name = words.corner.replace("{n}", number).replace("{all}", total());
        const dot = L.marker([y, x], { draggable: true, keyboard: true, icon: L.divIcon({ className: "corner", iconSize: [24, 24] }) });
        Object.assign(dot, { ring, n });
        dot.addTo(dots);
        const node = dot.getElement();
        node.setAttribute("aria-label", name);
        node.addEventListener("focus", () => mark(ring, n));
        node.addEventListener("keydown", (event) => keys(event, ring, n));
        dot.on("drag", () => { const { lng, lat } = dot.getLatLng(); ring.points[n] = [lng, lat]; shape(); });
        dot.on("dragend", () => { ring.points[n] = snapped(dot.getLatLng()); all(ring, n); });
        dot.on("click", () => mark(ring, n, { focus: true }));
      });
    }
  }

  function all(ring = null, n = 0, how = {}) {
    shape();
    corners();
    write();
    mark(ring, n, how);
  }

  // After the marked corner, or at the end of the last part.
  function add(where) {
    if (total() >= most) { say.textContent = words.many; return; }
    if (!rings.length) rings.push({ hole: false, points: [] });
    const ring = chosen?.ring ?? rings.at(-1);
    const n = chosen ? chosen.n + 1 : ring.points.length;
    ring.points.splice(n, 0, snapped(where));
    all(ring, n);
    tell(words.added, n + 1);
  }

  function take({ ring, n }, how) {
    ring.points.splice(n, 1);
    if (!ring.points.length) {
      const at = rings.indexOf(ring);
      let end = at + 1;
      if (!ring.hole) while (rings[end]?.hole) end += 1;
      rings.splice(at, end - at);
      all(rings.at(-1), Math.max(0, (rings.at(-1)?.points.length ?? 1) - 1), how);
    } else all(ring, Math.max(0, n - 1), how);
    tell(words.gone, total());
    if (!total()) sheet.focus({ preventScroll: true });
  }

  function keys(event, ring, n) {
    const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") take({ ring, n }, { focus: true });
    else if (way) {
      const [x, y] = ring.points[n];
      const step = event.shiftKey ? 1 : STEP;
      const to = map.containerPointToLatLng(map.latLngToContainerPoint([y, x]).add(way.map((d) => d * step)));
      ring.points[n] = [Number(to.lng.toFixed(6)), Number(to.lat.toFixed(6))];
      all(ring, n, { focus: true });
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  map.on("click", ({ latlng }) => add(latlng));
  sheet.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target !== sheet) return;
    event.preventDefault();
    add(map.getCenter());
  });
  remove.addEventListener("click", () => { if (chosen) take(chosen, {}); });
  further.addEventListener("click", () => {
    rings.push({ hole: false, points: [] });
    mark(null);
    say.textContent = words.part;
    sheet.focus({ preventScroll: true });
  });

  function read() {
    const found = parsed(field.value);
    if (!found) { say.textContent = words.unread; return; }
    rings = found;
    shape();
    corners();
    mark(null);
  }
  let waiting = 0;
  field.addEventListener("input", () => { clearTimeout(waiting); waiting = setTimeout(read, 400); });
  read();
  const own = rings.flatMap((ring) => ring.points.map(([x, y]) => [y, x]));
  if (own.length) map.fitBounds(L.latLngBounds(own).pad(0.3), { animate: false });
  else if (others.length) map.fitBounds(around.getBounds(), { animate: false });
}

const button = document.querySelector("[data-open-map]");
if (button) button.closest("p").hidden = false;
button?.addEventListener("click", () => { button.closest("p").hidden = true; open().then(() => box.querySelector(".chart").focus()); });
if (box?.dataset.mode === "draw") open().catch(() => { /* the still drawing and the text are there */ });
