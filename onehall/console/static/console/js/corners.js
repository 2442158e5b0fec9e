// Corners as lines of "longitude latitude": an empty line begins a further part, the word "hole" a hole in the part above.
const NUMBER = /^[+\-−]?\d{1,9}([.,]\d{1,15})?$/;

export function parsed(text) {
  const rings = [];
  let ring = null;
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (!line) { ring = null; continue; }
    if (line.toLowerCase() === "hole") {
      if (!rings.length) return null;
      ring = { hole: true, points: [] };
      rings.push(ring);
      continue;
    }
    let pair = line.split(/\s*[,;]\s+|\s+|;/);
    if (pair.length === 1) pair = line.split(",");
    if (pair.length !== 2 || !pair.every((part) => NUMBER.test(part))) return null;
    if (!ring) { ring = { hole: false, points: [] }; rings.push(ring); }
    const [lon, lat] = pair.map((part) => Number(part.replace(",", ".").replace("−", "-")));
    if (Math.abs(lon) > 180 || Math.abs(lat) > 85) return null;
    ring.points.push([lon, lat]);
  }
  return rings.filter(({ points }) => points.length);
}

export function asText(rings) {
  const kept = rings.filter(({ points }) => points.length);
  return kept.map(({ hole, points }) => (hole ? "hole\n" : "") + points.map((point) => point.join(" ")).join("\n")).join("\n\n");
}
