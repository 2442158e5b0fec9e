// The map of the place picker, loaded only when somebody asks for it: a cross stays in the middle, the map moves under it.
const SETTLED = 350;
let library = null;

function load({ leafletJs, leafletCss }) {
  library ??= Promise.all([
    new Promise((resolve, reject) => {
      const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: leafletCss });
      style.onload = resolve;
      style.onerror = reject;
      document.head.append(style);
    }),
    new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src: leafletJs });
      script.onload = resolve;
      script.onerror = reject;
      document.head.append(script);
    }),
  ]);
  library.catch(() => { library = null; });
  return library;
}

function cross() {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "-20 -20 40 40");
  svg.setAttribute("class", "cross");
  svg.setAttribute("aria-hidden", "true");
  for (const [css, r] of [["", 12], ["ring", 12], ["", 1.5], ["ring", 1.5]]) {
    const circle = document.createElementNS(space, "circle");
    circle.setAttribute("r", r);
    if (css) circle.setAttribute("class", css);
    svg.append(circle);
  }
  return svg;
}

export async function openMap({ box, button, words, start, moved }) {
  await load(button.dataset);
  const { L } = window;
  const still = [...box.children];
  const sheet = document.createElement("div");
  sheet.className = "chart";
  sheet.setAttribute("role", "application");
  sheet.setAttribute("aria-label", words.mapLabel);
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
  map.on("click", ({ latlng }) => map.panTo(latlng, { animate: !calm }));
  map.on("moveend", () => {
    if (own) { own = false; return; }
    clearTimeout(timer);
    timer = setTimeout(() => { const { lng, lat: y } = map.getCenter(); moved(lng, y); }, SETTLED);
  });
  sheet.focus({ preventScroll: true });

  return {
    go({ lon: x, lat: y }) {
      if (x === undefined) return;
      const away = map.latLngToContainerPoint([y, x]).distanceTo(map.getSize().divideBy(2)) > 1;
      own = away || map.getZoom() < 17;
      if (own) map.setView([y, x], Math.max(17, map.getZoom()), { animate: false });
    },
    close() {
      clearTimeout(timer);
      dark.removeEventListener("change", retint);
      map.remove();
      box.replaceChildren(...still);
    },
  };
}
