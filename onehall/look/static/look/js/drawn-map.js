// The map of a list without a new page for every step: links of the map are fetched and swapped in place, and
// the map is drawn along by hand. Without this file each of them is an ordinary link.
const part = document.getElementById("mapped");
const page = () => location.pathname + location.search;
let shown = page();

// What somebody has opened and typed beside the map stays when the map moves.
const changed = (one) => (one.options
  ? [...one.options].some((option) => option.selected !== option.defaultSelected)
  : one.value !== one.defaultValue || one.checked !== one.defaultChecked);

function keep() {
  const opened = [...part.querySelectorAll("details[id][open]")];
  const typed = [...part.querySelectorAll("input[id]:not([type=hidden]), select[id]")].filter(changed);
  return () => {
    for (const { id } of opened) document.getElementById(id)?.setAttribute("open", "");
    for (const { id, value, checked } of typed) Object.assign(document.getElementById(id) ?? {}, { value, checked });
  };
}

async function go(address, push = true) {
  const focus = document.activeElement?.dataset?.way;
  try {
    const answer = await fetch(address, { headers: { "X-Requested-With": "map" }, credentials: "same-origin" });
    if (!answer.ok || answer.redirected) { location.href = address; return; }
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("mapped");
    if (!fresh) { location.href = address; return; }
    const again = keep();
    part.replaceChildren(...fresh.childNodes);
    again();
    if (push) history.pushState(null, "", address);
    shown = page();
    if (focus) part.querySelector(`[data-way="${focus}"]`)?.focus();
  } catch {
    location.href = address;
  }
}

let dragged = false;
part?.addEventListener("click", (event) => {
  const link = event.target.closest("a");
  if (dragged) { event.preventDefault(); dragged = false; return; }
  if (!link?.matches("[data-map]") || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  go(link.href?.baseVal ?? link.href);
});
// A link to a part of the same page ends here too, and shows nothing else.
addEventListener("popstate", () => { if (page() !== shown) go(location.href, false); });

// Drawing it along: how far, in shares of the map, becomes the new middle.
let start = null;
part?.addEventListener("pointerdown", (event) => {
  const map = event.target.closest("[data-drag]");
  if (map && event.isPrimary) start = { x: event.clientX, y: event.clientY, map };
});
addEventListener("pointermove", (event) => {
  if (!start) return;
  const [x, y] = [event.clientX - start.x, event.clientY - start.y];
  if (Math.hypot(x, y) < 6) return;
  dragged = true;
  const scale = start.map.viewBox.baseVal.width / start.map.getBoundingClientRect().width;
  for (const one of start.map.children) one.setAttribute("transform", `translate(${x * scale} ${y * scale})`);
});
addEventListener("pointerup", (event) => {
  if (!start) return;
  const { map, x, y } = start;
  start = null;
  if (!dragged) return;
  setTimeout(() => { dragged = false; });
  const box = map.getBoundingClientRect();
  const view = map.viewBox.baseVal;
  const scale = Math.max(box.width / view.width, box.height / view.height);
  const zoom = Number(map.dataset.z);
  const size = 256 * 2 ** zoom;
  const lat = Number(map.dataset.lat) * Math.PI / 180;
  const px = (Number(map.dataset.lon) + 180) / 360 * size - (event.clientX - x) / scale;
  const py = (0.5 - Math.log((1 + Math.sin(lat)) / (1 - Math.sin(lat))) / (4 * Math.PI)) * size - (event.clientY - y) / scale;
  const address = new URL(map.dataset.here, location.href);
  address.searchParams.set("lon", (px / size * 360 - 180).toFixed(5));
  address.searchParams.set("lat", (Math.atan(Math.sinh(Math.PI * (1 - 2 * py / size))) * 180 / Math.PI).toFixed(5));
  address.searchParams.set("z", zoom);
  go(address.href);
});
part?.addEventListener("dragstart", (event) => event.preventDefault());
