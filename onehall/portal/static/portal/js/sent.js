// On the page of a report that has just been sent: forget the draft it was made from, remember that it went out.
const DRAFT = "onehall-draft:";
try {
  for (const name of Object.keys(localStorage)) {
    if (!name.startsWith(DRAFT)) continue;
    const draft = JSON.parse(localStorage.getItem(name));
    if (!draft?.sending) continue;
    const facts = { key: draft.key, address: location.pathname };
    sessionStorage.setItem(name.replace(DRAFT, "onehall-sent:"), JSON.stringify(facts));
    sessionStorage.removeItem(name);
    localStorage.removeItem(name);
  }
} catch { /* storage is switched off */ }
