// Names of colleagues while a note is written: @ and a letter opens a list. Without this file the list below does it.
const MOST = 6;

for (const list of document.querySelectorAll("select[data-names-for]")) {
  const box = document.getElementById(list.dataset.namesFor);
  if (box) picker(box, [...list.options].map((o) => o.dataset.name), list.dataset.label);
}

function picker(box, names, label) {
  const menu = Object.assign(document.createElement("ul"), { id: `${box.id}-names`, className: "names", hidden: true });
  menu.setAttribute("role", "listbox");
  menu.setAttribute("aria-label", label);
  box.after(menu);
  box.setAttribute("aria-controls", menu.id);
  box.setAttribute("aria-autocomplete", "list");
  let at = 0;
  let found = [];

  const typed = () => box.value.slice(0, box.selectionStart).match(/(?:^|\s)@([\p{L}\p{N}'’. -]{1,30})$/u)?.[1];
  const close = () => { menu.hidden = true; box.removeAttribute("aria-activedescendant"); };
  const draw = () => {
    menu.replaceChildren(...found.map((name, n) => {
      const item = Object.assign(document.createElement("li"), { id: `${menu.id}-${n}`, textContent: name });
      item.setAttribute("role", "option");
      item.setAttribute("aria-selected", String(n === at));
      item.addEventListener("mousedown", (event) => { event.preventDefault(); choose(name); });
      return item;
    }));
    menu.hidden = false;
    box.setAttribute("aria-activedescendant", `${menu.id}-${at}`);
  };
  const choose = (name) => {
    const start = box.selectionStart - typed().length;
    box.setRangeText(`${name} `, start, box.selectionStart, "end");
    box.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  };
  box.addEventListener("input", () => {
    const text = typed()?.toLowerCase();
    found = text ? names.filter((n) => n.toLowerCase().split(/\s+/).some((w) => w.startsWith(text)) || n.toLowerCase().startsWith(text)).slice(0, MOST) : [];
    at = 0;
    if (found.length) draw(); else close();
  });
  box.addEventListener("keydown", (event) => {
    if (menu.hidden) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      at = (at + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      draw();
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      choose(found[at]);
    } else if (event.key === "Escape") {
      event.stopPropagation();
      close();
    }
  });
  box.addEventListener("blur", close);
}
