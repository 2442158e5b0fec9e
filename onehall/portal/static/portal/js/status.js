// Small helps on the page of a report: how many photos are chosen, and the page's address to share.
for (const input of document.querySelectorAll(".filebtn input[type=file]")) {
  const label = input.parentElement.querySelector("[data-file-count]");
  const plain = label.textContent;
  input.addEventListener("change", () => {
    label.textContent = input.files.length ? label.dataset.words.replace("{n}", input.files.length) : plain;
  });
}

for (const button of document.querySelectorAll("[data-share]")) {
  if (!navigator.share && !navigator.clipboard) continue;
  const label = button.querySelector("[data-done]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      if (navigator.share) await navigator.share({ url: button.dataset.share });
      else {
        await navigator.clipboard.writeText(button.dataset.share);
        label.textContent = label.dataset.done;
      }
    } catch { /* they changed their mind */ }
  });
}

// A message that is being sent is sent once.
for (const form of document.querySelectorAll("main form[method=post]")) {
  form.addEventListener("submit", (event) => {
    if (form.dataset.sending) event.preventDefault();
    form.dataset.sending = "yes";
  });
}
addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sending]")) delete form.dataset.sending;
});
