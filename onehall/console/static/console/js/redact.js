// Draw over what must not be read: boxes by mouse, finger or keyboard. The server makes the places unreadable;
// here they are only shown that way. Posts `boxes` as JSON [[x, y, w, h], …], fractions of the picture.
const template = document.getElementById("redact");
const MOST = 20;
const LEAST = 0.02;
const clamp = (value, low, high) => Math.min(high, Math.max(low, value));

const reveal = () => {
  for (const button of document.querySelectorAll("[data-blur][hidden]")) button.hidden = false;
};
reveal();
document.addEventListener("look:fresh", reveal);

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-blur]");
  if (button) open(button.closest("form"), button);
});

function open(form, opener) {
  const dialog = template.content.querySelector("dialog").cloneNode(true);
  document.body.append(dialog);
  const find = (name) => dialog.querySelector(`[data-${name}]`);
  const [stage, canvas, said] = [find("stage"), find("canvas"), find("said")];
  const boxes = [];
  const past = [];
  const picture = new Image();

  const draw = () => {
    const pen = canvas.getContext("2d");
    pen.imageSmoothingEnabled = true;
    pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
    for (const { x, y, w, h } of boxes) {
      const [left, top] = [x * canvas.width, y * canvas.height];
      const [width, height] = [Math.max(1, w * canvas.width), Math.max(1, h * canvas.height)];
      const tiny = new OffscreenCanvas(4, 4);
      tiny.getContext("2d").drawImage(picture, x * picture.naturalWidth, y * picture.naturalHeight,
        Math.max(1, w * picture.naturalWidth), Math.max(1, h * picture.naturalHeight), 0, 0, 4, 4);
      pen.imageSmoothingEnabled = false;
      pen.drawImage(tiny, 0, 0, 4, 4, left, top, width, height);
    }
    find("save").disabled = boxes.length === 0;
    find("undo").disabled = past.length === 0;
    find("add").disabled = boxes.length >= MOST;
  };

  const place = (box) => {
    box.mark.style.left = `${box.x * 100}%`;
    box.mark.style.top = `${box.y * 100}%`;
    box.mark.style.width = `${box.w * 100}%`;
    box.mark.style.height = `${box.h * 100}%`;
  };

  const name = () => boxes.forEach((box, at) => box.mark.setAttribute("aria-label", said.dataset.box.replace("#", at + 1)));

  const add = (shape, { remember = true, focus = true } = {}) => {
    if (boxes.length >= MOST) return null;
    const box = { ...shape, mark: document.createElement("button") };
    box.mark.type = "button";
    box.mark.className = "blur-box";
    box.mark.addEventListener("keydown", (event) => keyed(event, box));
    stage.append(box.mark);
    boxes.push(box);
    place(box);
    name();
    if (remember) past.push(() => remove(box, { remember: false }));
    if (focus) box.mark.focus();
    draw();
    return box;
  };

  const remove = (box, { remember = true } = {}) => {
    boxes.splice(boxes.indexOf(box), 1);
    box.mark.remove();
    name();
    if (remember) past.push(() => add(box, { remember: false }));
    said.textContent = said.dataset.gone;
    draw();
    (boxes.at(-1)?.mark ?? find("add")).focus();
  };

  const keyed = (event, box) => {
    const step = event.altKey ? 0.002 : 0.02;
    const way = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[event.key];
    if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      remove(box);
    } else if (way) {
      event.preventDefault();
      const before = { x: box.x, y: box.y, w: box.w, h: box.h };
      if (event.shiftKey) {
        box.w = clamp(box.w + way[0], LEAST, 1 - box.x);
        box.h = clamp(box.h + way[1], LEAST, 1 - box.y);
      } else {
        box.x = clamp(box.x + way[0], 0, 1 - box.w);
        box.y = clamp(box.y + way[1], 0, 1 - box.h);
      }
      past.push(() => { Object.assign(box, before); place(box); draw(); });
      place(box);
      draw();
    }
  };

  // A box is drawn with one movement of mouse or finger.
  stage.addEventListener("pointerdown", (event) => {
    if (event.button || event.target.closest(".blur-box")) return;
    event.preventDefault();
    const edge = stage.getBoundingClientRect();
    const at = (moved) => [clamp((moved.clientX - edge.left) / edge.width, 0, 1), clamp((moved.clientY - edge.top) / edge.height, 0, 1)];
    const [startX, startY] = at(event);
    const box = add({ x: startX, y: startY, w: LEAST, h: LEAST }, { focus: false });
    if (!box) return;
    stage.setPointerCapture(event.pointerId);
    const move = (moved) => {
      const [x, y] = at(moved);
      box.x = Math.min(x, startX, 1 - LEAST);
      box.y = Math.min(y, startY, 1 - LEAST);
      box.w = Math.max(LEAST, Math.abs(x - startX));
      box.h = Math.max(LEAST, Math.abs(y - startY));
      place(box);
      draw();
    };
    const end = () => {
      stage.removeEventListener("pointermove", move);
      box.mark.focus();
    };
    stage.addEventListener("pointermove", move);
    stage.addEventListener("pointerup", end, { once: true });
    stage.addEventListener("pointercancel", end, { once: true });
  });

  find("add").addEventListener("click", () => add({ x: 0.4, y: 0.4, w: 0.2, h: 0.2 }));
  find("undo").addEventListener("click", () => { past.pop()?.(); draw(); });
  find("save").addEventListener("click", () => {
    const field = form.querySelector("[name=boxes]") ?? form.appendChild(document.createElement("input"));
    field.type = "hidden";
    field.name = "boxes";
    const round = (value) => Math.round(value * 1e5) / 1e5;
    field.value = JSON.stringify(boxes.map(({ x, y, w, h }) => [x, y, w, h].map(round)));
    dialog.close();
    form.requestSubmit();
  });
  dialog.addEventListener("close", () => { dialog.remove(); opener.focus(); });

  picture.addEventListener("load", () => {
    canvas.width = picture.naturalWidth;
    canvas.height = picture.naturalHeight;
    draw();
  });
  picture.src = form.dataset.redact;
  dialog.showModal();
}
