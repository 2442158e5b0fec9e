// Line numbers beside a text, and the way to a line that a mistake names. Without this, the text is edited all the same.
const wrap = document.querySelector("[data-lined]");
const area = wrap?.querySelector("textarea");

function number() {
  const lines = area.value.split("\n").length;
  if (Number(gutter.dataset.lines) === lines) return;
  gutter.dataset.lines = lines;
  gutter.textContent = Array.from({ length: lines }, (_, index) => index + 1).join("\n");
}

function go(line) {
  const lines = area.value.split("\n");
  const at = Math.min(Math.max(line, 1), lines.length) - 1;
  const start = lines.slice(0, at).reduce((sum, text) => sum + text.length + 1, 0);
  area.focus();
  area.setSelectionRange(start, start + lines[at].length);
  const height = parseFloat(getComputedStyle(area).lineHeight);
  area.scrollTop = Math.max(0, (at - 4) * height);
}

const gutter = document.createElement("pre");
if (area) {
  gutter.className = "gutter";
  gutter.setAttribute("aria-hidden", "true");
  wrap.prepend(gutter);
  wrap.classList.add("numbered");
  number();
  area.addEventListener("input", number);
  area.addEventListener("scroll", () => { gutter.scrollTop = area.scrollTop; });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-line]");
    if (!link) return;
    event.preventDefault();
    go(Number(link.dataset.line));
  });
  if (wrap.dataset.at) go(Number(wrap.dataset.at));
}
