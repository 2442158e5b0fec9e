// Photos of a report: made smaller on the phone, sent one by one while the rest is being filled in, tried again
// when the signal comes back. The file inputs are emptied, so that nothing is sent twice.
const LONGEST = 1600;
const QUALITY = 0.82;
const FIRST_WAIT = 2_000;
const LONGEST_WAIT = 60_000;

export function startPhotos({ form, words, fill, changed }) {
  const tray = form.querySelector("[data-tray]");
  if (!tray) return null;
  const says = form.querySelector("[data-photo-says]");
  const adders = [...tray.querySelectorAll("[data-add]")];
  const rowOf = form.querySelector("[data-photo-row]").content.firstElementChild;
  const most = Number(form.dataset.most);
  const photos = [];
  const ended = [];
  let running = false;
  let wait = FIRST_WAIT;
  let alarm = 0;

  const left = () => photos.filter((one) => !one.key);
  const home = () => form.dataset.photos.replace(/0{8}-0{4}-0{4}-0{4}-0{12}/, form.elements.key.value);
  const post = (address, body) => fetch(address, {
    method: "POST", body, headers: { "X-CSRFToken": form.elements.csrfmiddlewaretoken.value },
  });

  function complain(text) {
    const row = form.querySelector("template[data-err]").content.firstElementChild.cloneNode(true);
    row.querySelector("span").textContent = text;
    says.append(row);
  }

  // --- the tray ------------------------------------------------------------------------------------

  function draw() {
    photos.forEach((photo, index) => {
      const n = index + 1;
      const { row } = photo;
      row.querySelector("img").alt = fill(words.photo, { n });
      row.querySelector("[data-blur]").setAttribute("aria-label", fill(words.blur, { n }));
      row.querySelector("[data-blur]").disabled = !photo.key;
      row.querySelector("[data-remove] .sr").textContent = fill(words.remove, { n });
      row.querySelector("[data-which]").textContent = fill(words.photo, { n });
      // Named once the photo has a key: what is written before that is kept in the field.
      row.querySelector("textarea").name = photo.key ? `alt_${photo.key}` : "";
      row.querySelector("[data-says]").textContent = photo.key ? "" : words[photo.late ? "waiting" : "sending"];
    });
    for (const adder of adders) adder.hidden = photos.length >= most;
  }

  function add(photo) {
    const row = rowOf.cloneNode(true);
    if (photo.thumb) row.querySelector("img").src = photo.thumb;
    if (photo.said) row.querySelector("textarea").value = photo.said;
    row.querySelector("[data-remove]").addEventListener("click", () => remove(photo));
    row.querySelector("[data-blur]").addEventListener("click", () => blur(photo));
    if (photo.old) photo.old.replaceWith(row);
    else adders[0].before(row);
    photos.push(Object.assign(photo, { row }));
    draw();
  }

  function drop(photo) {
    const at = photos.indexOf(photo);
    if (at < 0) return;
    photos.splice(at, 1);
    photo.row.remove();
    draw();
    changed();
  }

  async function remove(photo) {
    photo.gone = true;
    drop(photo);
    (photos.at(-1)?.row.querySelector("[data-remove]") ?? adders.find((one) => one.offsetParent)?.querySelector("input"))?.focus();
    says.replaceChildren(Object.assign(document.createElement("p"), { className: "hint", textContent: words.removed }));
    if (photo.key) await post(`${home()}/${photo.key}/remove`).catch(() => {});
  }

  async function blur(photo) {
    const { hide } = await import("./blur.js");
    const boxes = await hide(photo.local ?? photo.large, words.blurring, fill, async (marked) => {
      const answer = await post(`${home()}/${photo.key}/blur`, JSON.stringify(marked));
      if (!answer.ok) throw new Error(String(answer.status));
      const { key, thumb, large } = await answer.json();
      Object.assign(photo, { key, thumb, large, local: null });
      photo.row.querySelector("img").src = thumb;
      draw();
      changed();
    });
    if (boxes !== null) photo.row.querySelector("[data-blur]").focus();
  }

  // --- made smaller here -----------------------------------------------------------------------------

  async function smaller(file) {
    let picture;
    try {
      picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    } catch {
      return file; // this browser can not read it (HEIC); the server can
    }
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
    const width = Math.max(1, Math.round(picture.width * scale));
    const height = Math.max(1, Math.round(picture.height * scale));
    const canvas = "OffscreenCanvas" in window
      ? new OffscreenCanvas(width, height)
      : Object.assign(document.createElement("canvas"), { width, height });
    const pen = canvas.getContext("2d");
    pen.fillStyle = "#fff";
    pen.fillRect(0, 0, width, height);
    pen.drawImage(picture, 0, 0, width, height);
    picture.close();
    const made = canvas.convertToBlob
      ? await canvas.convertToBlob({ type: "image/jpeg", quality: QUALITY })
      : await new Promise((resolve) => { canvas.toBlob(resolve, "image/jpeg", QUALITY); });
    return made ?? file;
  }

  async function take(input) {
    const files = [...input.files];
    input.value = "";
    says.replaceChildren();
    for (const file of files) {
      if (photos.length >= most) {
        complain(fill(words.tooMany, { n: most }));
        break;
      }
      const photo = { name: file.name, key: "", late: false };
      add(photo);
      photo.blob = await smaller(file).catch(() => file);
      if (photo.blob !== file) {
        photo.local = URL.createObjectURL(photo.blob);
        photo.row.querySelector("img").src = photo.local;
      }
      run();
    }
    run();
  }

  // --- sent one by one -------------------------------------------------------------------------------

  async function send(photo) {
    const body = new FormData();
    body.append("photo", photo.blob, photo.blob instanceof File ? photo.name : "photo.jpg");
    const answer = await post(home(), body);
    const told = answer.headers.get("Content-Type")?.includes("json") ? await answer.json() : {};
    if (answer.status >= 500 || answer.status === 429) throw Object.assign(new Error(String(answer.status)), told);
    if (!answer.ok) {
      complain(answer.status === 403 ? words.stale : told.error ? `${photo.name}: ${told.error}` : fill(words.photoFailed, photo));
      return drop(photo);
    }
    const twin = photos.some((one) => one !== photo && one.key === told.key);
    Object.assign(photo, told, { late: false, blob: null });
    if (photo.gone) return post(`${home()}/${photo.key}/remove`);
    if (twin) return drop(photo);
    if (!photo.local) photo.row.querySelector("img").src = photo.thumb;
    draw();
    return changed();
  }

  async function run() {
    if (running) return;
    running = true;
    clearTimeout(alarm);
    for (let photo; (photo = photos.find((one) => one.blob && !one.key)); ) {
      try {
        await send(photo);
        wait = FIRST_WAIT;
      } catch (no) {
        for (const one of photos) Object.assign(one, { late: !one.key, away: !one.key && no.away === true });
        draw();
        if (left().every((one) => one.away)) ended.splice(0).forEach((tell) => tell());
        alarm = setTimeout(run, wait);
        wait = Math.min(wait * 2, LONGEST_WAIT);
        break;
      }
    }
    running = false;
    if (!photos.some((one) => !one.key)) ended.splice(0).forEach((tell) => tell());
  }

  addEventListener("online", () => { wait = FIRST_WAIT; run(); });
  const inputs = [...tray.querySelectorAll("input[type=file]")];
  for (const input of inputs) input.addEventListener("change", () => take(input));

  // Photos that the server drew into the page, after it sent the form back.
  for (const old of tray.querySelectorAll("li[data-photo]")) {
    const { photo: key } = old.dataset;
    const said = old.querySelector("textarea").value;
    add({ old, key, said, thumb: old.querySelector("img").src, large: `/photos/${key}/large.jpg` });
  }

  return {
    // What was chosen on a slow phone before this script had come.
    early: () => { for (const input of inputs.filter((one) => one.files.length)) take(input); },
    busy: () => left().length > 0,
    // The city's records are away: photos that could not go ahead go with the report, as they do without a script.
    carry: () => {
      if (!left().every((one) => one.away && one.blob)) return false;
      const files = new DataTransfer();
      for (const { blob } of left()) files.items.add(blob instanceof File ? blob : new File([blob], "photo.jpg", { type: blob.type }));
      inputs.find((one) => one.multiple).files = files.files;
      clearTimeout(alarm);
      return true;
    },
    done: () => new Promise((resolve) => {
      if (photos.some((one) => !one.key)) ended.push(resolve);
      else resolve();
    }),
    kept: () => photos.filter((one) => one.key).map(({ key, thumb, large }) => ({ key, thumb, large })),
    restore: (kept) => { for (const photo of kept ?? []) add({ ...photo }); },
  };
}
