// On the page of a report that has just been sent: forget the draft it was made from.
for (const store of [localStorage, sessionStorage]) {
  try {
    for (const name of Object.keys(store)) {
      if (!name.startsWith("onehall-draft:")) continue;
      const draft = JSON.parse(store.getItem(name));
      if (store === sessionStorage || draft?.sending) store.removeItem(name);
    }
  } catch { /* storage is switched off */ }
}
