// The sample of the city's colours follows the typing, with how well each pair is read (WCAG). The server checks again.
const HEX = /^#[0-9a-f]{6}$/i;

function luminance(colour) {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (high + 0.05) / (low + 0.05);
}

for (const part of document.querySelectorAll("[data-brand]")) {
  const colours = {};
  for (const node of part.querySelectorAll("[data-fill]")) colours[node.dataset.fill] = node.getAttribute("fill");
  const show = () => {
    for (const field of part.querySelectorAll("[data-colour]")) {
      const given = field.value.trim();
      const colour = HEX.test(given) ? given : field.placeholder;
      colours[field.dataset.colour] = colour;
      field.parentElement.querySelector("[data-pick]").value = colour;
    }
    for (const node of part.querySelectorAll("[data-fill]")) node.setAttribute("fill", colours[node.dataset.fill]);
    for (const pair of part.querySelectorAll("[data-pair]")) {
      const ratio = contrast(colours[pair.dataset.text], colours[pair.dataset.ground]);
      // Cut off, not rounded: 4.49 must not read as the 4.5 that it misses.
      pair.querySelector("[data-ratio]").textContent = (Math.floor(ratio * 100) / 100).toFixed(2);
      pair.classList.toggle("bad", ratio < Number(pair.dataset.least));
    }
  };
  part.addEventListener("input", ({ target }) => {
    if (target.matches("[data-pick]")) target.parentElement.querySelector("[data-colour]").value = target.value;
    show();
  });
}
