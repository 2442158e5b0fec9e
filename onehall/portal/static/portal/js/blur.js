// A window in which parts of a photo are marked to be made unreadable, with a finger, a mouse or the keyboard.
// hide(src, words, fill, post) resolves to the boxes that were posted, or null when nothing was changed.
const STEP = 0.02;
const LEAST = 0.02;
const MOST = 20;

const within = (value, low, high) => Math.min(Math.max(value, low), high);

export function hide(src, words, fill, post) {
  const boxes = [];
  const make = (tag, facts = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), facts);
    made.append(...inside);
    return made;
  };
  const canvas = make("canvas", { tabIndex: 0 });
  canvas.setAttribute("role", "img");
  const note = make("p", { className: "hint", textContent: words.hint });
  const says = make("p", { className: "err" });
  says.setAttribute("role", "alert");
  const button = (css, text, act) => make("button", { type: "button", className: css, textContent: text, onclick: act });
  const title = make("h2", { textContent: words.title, id: "blur-title" });
  const dialog = make("dialog", { className: "blur" }, title, note, canvas, says,
    make("div", { className: "row" },
      button("btn plain", words.add, addBox), button("btn plain", words.undo, undo)),
    make("div", { className: "row apart" },
      button("btn quiet", words.cancel, () => dialog.close()), button("btn", words.blur, finish)));
  dialog.setAttribute("aria-labelledby", "blur-title");
  document.body.append(dialog);

  const pen = canvas.getContext("2d");
  const picture = new Image();
  picture.onload = () => {
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    draw();
  };
  picture.src = src;

  function draw() {
    const { width, height } = canvas;
    if (picture.complete && picture.naturalWidth) pen.drawImage(picture, 0, 0, width, height);
    const line = Math.max(2, width / 250);
    boxes.forEach(([x, y, w, h], index) => {
      pen.fillStyle = "rgb(6 24 30 / .78)";
      pen.fillRect(x * width, y * height, w * width, h * height);
      pen.lineWidth = line;
      pen.strokeStyle = index === boxes.length - 1 ? "#ff9a66" : "#fff";
      pen.strokeRect(x * width, y * height, w * width, h * height);
    });
    canvas.setAttribute("aria-label", fill(words.sheet, { n: boxes.length }));
  }

  function addBox() {
    if (boxes.length < MOST) boxes.push([0.4, 0.4, 0.2, 0.2]);
    says.textContent = "";
    draw();
    canvas.focus();
  }

  function undo() {
    boxes.pop();
    draw();
  }

  // --- by finger or mouse -----------------------------------------------------------------------------

  let from = null;
  const point = (event) => {
    const area = canvas.getBoundingClientRect();
    return [within((event.clientX - area.left) / area.width, 0, 1), within((event.clientY - area.top) / area.height, 0, 1)];
  };
  canvas.addEventListener("pointerdown", (event) => {
    if (boxes.length >= MOST) return;
    canvas.setPointerCapture(event.pointerId);
    from = point(event);
    boxes.push([...from, 0, 0]);
    says.textContent = "";
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!from) return;
    const to = point(event);
    boxes[boxes.length - 1] = [
      Math.min(from[0], to[0]), Math.min(from[1], to[1]), Math.abs(to[0] - from[0]), Math.abs(to[1] - from[1]),
    ];
    draw();
  });
  const lift = () => {
    if (!from) return;
    from = null;
    const [, , w, h] = boxes.at(-1);
    if (w < LEAST || h < LEAST) boxes.pop(); // a tap, not a box
    draw();
  };
  canvas.addEventListener("pointerup", lift);
  canvas.addEventListener("pointercancel", lift);

  // --- by keyboard -----------------------------------------------------------------------------------

  const MOVES = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  canvas.addEventListener("keydown", (event) => {
    const move = MOVES[event.key];
    if (!move || !boxes.length) return;
    event.preventDefault();
    const box = boxes.at(-1);
    if (event.shiftKey) {
      box[2] = within(box[2] + move[0], LEAST, 1 - box[0]);
      box[3] = within(box[3] + move[1], LEAST, 1 - box[1]);
    } else {
      box[0] = within(box[0] + move[0], 0, 1 - box[2]);
      box[1] = within(box[1] + move[1], 0, 1 - box[3]);
    }
    draw();
  });

  let posted = null;
  let busy = false;
  async function finish() {
    if (busy) return;
    if (!boxes.length) {
      says.textContent = words.none;
      return;
    }
    busy = true;
    try {
      await post(boxes.map((box) => box.map((side) => Math.round(side * 10_000) / 10_000)));
      posted = boxes;
      dialog.close();
    } catch {
      says.textContent = words.failed;
    }
    busy = false;
  }

  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(posted);
    });
  });
}
