// A crew's phone: nearest first, the after photo small and in sight before it is sent, one press one act.
for (const one of document.querySelectorAll("[data-script]")) one.hidden = false;

const nearest = document.querySelector("[data-nearest]");
nearest?.addEventListener("click", () => {
  const said = document.querySelector("[data-nearest-said]");
  if (!navigator.geolocation) { said.textContent = nearest.dataset.failed; return; }
  said.textContent = nearest.dataset.wait;
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const here = new URLSearchParams({ lon: coords.longitude.toFixed(5), lat: coords.latitude.toFixed(5) });
      location.replace(`${location.pathname}?${here}`);
    },
    () => { said.textContent = nearest.dataset.failed; },
    { enableHighAccuracy: true, timeout: 12_000, maximumAge: 60_000 },
  );
});

// iPhones know no geo: links.
for (const link of document.querySelectorAll("[data-drive]")) {
  if (/iPhone|iPad|Macintosh/.test(navigator.userAgent)) link.href = `maps:?daddr=${link.dataset.drive}`;
}

const LONGEST = 2048;

async function smaller(file) {
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    if (scale === 1 && file.size < 1_000_000 && file.type === "image/jpeg") return file;
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    const blob = await new Promise((done) => { canvas.toBlob(done, "image/jpeg", 0.82); });
    if (!blob || blob.size >= file.size) return file;
    return new File([blob], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg", lastModified: file.lastModified });
  } catch {
    return file; // Not a picture this browser can read: the server decides.
  }
}

for (const form of document.querySelectorAll("[data-shrink]")) {
  const input = form.querySelector("input[type=file]");
  const said = form.querySelector("[data-shrunk]");
  const preview = form.querySelector("[data-preview]");
  let ready = Promise.resolve();
  input?.addEventListener("change", () => {
    ready = (async () => {
      const files = await Promise.all([...input.files].map(smaller));
      const carrier = new DataTransfer();
      for (const file of files) carrier.items.add(file);
      try { input.files = carrier.files; } catch { /* the original goes instead */ }
      if (!files.length) return;
      if (preview.src) URL.revokeObjectURL(preview.src);
      preview.src = URL.createObjectURL(files[0]);
      preview.hidden = false;
      form.querySelector("[data-first]").hidden = true;
      form.querySelector("[data-again]").hidden = false;
      said.textContent = `${said.dataset.words} ${files.length} · ${Math.max(1, Math.round(files.reduce((n, f) => n + f.size, 0) / 1024))} KB`;
    })();
  });
  form.addEventListener("submit", async (event) => {
    if (form.dataset.going) return;
    event.preventDefault();
    if (!navigator.onLine) {
      said.textContent = form.dataset.offline;
      said.scrollIntoView({ block: "center" });
      return;
    }
    const button = event.submitter;
    await ready;
    // A form ignores requestSubmit while its submit event is still being told around.
    await new Promise((done) => { setTimeout(done); });
    form.dataset.going = "yes";
    form.requestSubmit(button);
    button?.setAttribute("aria-disabled", "true");
  });
}

// The bar says what is still missing, as one goes.
const left = document.querySelector("[data-left]");
const closing = document.getElementById("w");
function tellLeft() {
  const ends = closing.dataset.photoOutcomes.split(" ");
  const missing = [];
  const end = closing.querySelector("[name=outcome]:checked")?.value;
  const photo = closing.hasAttribute("data-has-photo") || closing.querySelector("[type=file]").files.length > 0;
  if (ends.includes(end) && !photo) missing.push(left.dataset.photo);
  if (!closing.querySelector("[name=words]").value.trim()) missing.push(left.dataset.line);
  left.querySelector("b").textContent = [left.dataset.none, left.dataset.one, left.dataset.two][missing.length];
  left.querySelector("span").textContent = missing.join(" · ");
}
if (left && closing) {
  closing.addEventListener("input", tellLeft);
  closing.addEventListener("change", tellLeft);
  tellLeft();
}

// A second press of a slow form is swallowed until the page answers.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  if (event.defaultPrevented || !event.target.matches("[data-once]")) return;
  if (sent.has(event.target)) event.preventDefault();
  else sent.add(event.target);
});
addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
