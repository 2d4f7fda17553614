// Buttons that copy the value of a field: data-copy is the field's id. Without scripts, or where a
// browser lets no page copy, they stay hidden, and the field is selected and copied by hand.

"use strict";

for (const button of document.querySelectorAll("button[data-copy]")) {
  if (!navigator.clipboard) {
    continue;
  }
  const status = button.parentElement.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(document.getElementById(button.dataset.copy).value);
      status.textContent = "Copied.";
    } catch {
      status.textContent = "The browser did not copy it. Select the link and copy it by hand.";
    }
  });
}
