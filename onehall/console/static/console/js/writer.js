// A prepared answer goes in where the cursor stands, without a new page. Without this file the server does it.
document.addEventListener("click", async (event) => {
  const button = event.target.closest?.("[data-insert]");
  if (!button || button.dataset.plain) return;
  const form = button.form;
  const key = form.elements.template.value;
  event.preventDefault();
  if (!key) return form.elements.template.focus();
  // A form of a move has other boxes too, a reason for instance: only words to residents are asked for.
  const boxes = [...form.querySelectorAll("textarea[name^=words]")];
  const asked = new URLSearchParams(boxes.map((box) => [box.name, ""]));
  try {
    const answer = await fetch(`${button.dataset.insert.replace("KEY", encodeURIComponent(key))}?${asked}`, {
      headers: { Accept: "application/json" }, credentials: "same-origin", cache: "no-store",
    });
    if (!answer.ok) throw new Error(answer.statusText);
    const words = await answer.json();
    for (const box of boxes) if (words[box.name]) put(box, words[box.name]);
    form.elements.template.value = "";
    boxes[0].focus();
  } catch {
    // The server inserts it, or says why it cannot.
    button.dataset.plain = "1";
    form.requestSubmit(button);
  }
});

function put(box, words) {
  const before = box.value.slice(0, box.selectionStart).trimEnd();
  const after = box.value.slice(box.selectionEnd).trimStart();
  const whole = [before, words, after].filter(Boolean).join("\n\n");
  box.value = whole;
  const end = (before ? before.length + 2 : 0) + words.length;
  box.setSelectionRange(end, end);
  box.dispatchEvent(new Event("input", { bubbles: true }));
}
