// The map of the place picker, loaded only when somebody asks for it: a cross stays in the middle, the map moves under it.
import { cross, load } from "../../look/js/leaflet.js";
import { startMarks } from "./marks.js";

const SETTLED = 350;
const STILL = 2;

export async function openMap({ box, button, words, start, moved, fill, says, thing }) {
  await load(button.dataset);
  const { L } = window;
  const still = [...box.children];
  const sheet = document.createElement("div");
  sheet.className = "chart";
  sheet.setAttribute("role", "application");
  sheet.setAttribute("aria-label", words.things?.map ?? words.mapLabel);
  box.replaceChildren(sheet);

  const [west, south, east, north] = JSON.parse(button.dataset.bounds);
  const city = L.latLngBounds([south, west], [north, east]);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const address = () => button.dataset.tiles.replace("{scheme}", dark.matches ? "dark" : "light");
  const map = L.map(sheet, {
    zoomControl: false, attributionControl: false, minZoom: 12, maxZoom: 19,
    maxBounds: city.pad(0.1), maxBoundsViscosity: 1, keyboardPanDelta: 40,
    zoomAnimation: !calm, fadeAnimation: !calm, inertia: !calm, scrollWheelZoom: "center", touchZoom: "center",
  });
  const tiles = L.tileLayer(address(), { tileSize: 512, zoomOffset: -1, minZoom: 11, maxZoom: 19, bounds: city.pad(0.25) });
  tiles.addTo(map);
  L.control.zoom({ position: "topright", zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(map);
  sheet.append(cross());
  const retint = () => tiles.setUrl(address());
  dark.addEventListener("change", retint);

  const [lon, lat] = JSON.parse(button.dataset.middle);
  if (start?.lat !== undefined) map.setView([start.lat, start.lon], 18, { animate: false });
  else map.setView([lat, lon], Number(button.dataset.zoom), { animate: false });

  // What moves the map by itself is not a choice; only a hand or a key is.
  let timer = 0;
  let own = false;
  let stillAt = null;
  map.on("click", ({ latlng }) => map.panTo(latlng, { animate: !calm }));
  map.on("moveend", () => {
    if (own) { own = false; return; }
    // Looking closer at a thing, or at several of them, does not choose the ground under it.
    if (stillAt && offCross(stillAt) <= STILL) return;
    clearTimeout(timer);
    timer = setTimeout(() => { const { lng, lat: y } = map.getCenter(); moved(lng, y); }, SETTLED);
  });
  sheet.focus({ preventScroll: true });

  function offCross(at) {
    return map.latLngToContainerPoint(at).distanceTo(map.getSize().divideBy(2));
  }
  function glide(at, zoom) {
    const close = Math.min(map.getMaxZoom(), Math.max(map.getMinZoom(), zoom));
    own = offCross(at) > 1 || map.getZoom() !== close;
    if (own) map.setView(at, close, { animate: false });
  }
  function closer(at, zoom) {
    stillAt = at;
    glide(at, zoom);
  }
  const marks = button.dataset.things
    ? startMarks({ map, sheet, says, fill, thing, closer, ground: moved, address: button.dataset.things, words: words.things })
    : null;
  function mark({ code, lon: x, lat: y, words: name }) {
    const at = code && x === undefined ? marks?.at(code) : [y, x];
    if (code && at) closer(at, Math.max(17, map.getZoom()));
    else stillAt = null;
    marks?.choose(code ?? "", name);
  }
  if (start) mark(start);

  return {
    mark,
    go({ lon: x, lat: y }) {
      if (x !== undefined) glide([y, x], Math.max(17, map.getZoom()));
    },
    close() {
      clearTimeout(timer);
      marks?.close();
      dark.removeEventListener("change", retint);
      map.remove();
      box.replaceChildren(...still);
    },
  };
}
