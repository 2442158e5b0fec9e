// The map library, fetched once and only when somebody asks for a map, and the cross that stands in the middle of one.
let library = null;

// Its addresses stand on the element that asks for the map.
export function load({ leafletJs, leafletCss }) {
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

export function cross() {
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
