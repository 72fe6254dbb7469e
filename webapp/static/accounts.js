// The pages of accounts beyond what they do by themselves: what cannot be taken back is asked for
// first, and a new token is copied.

import { dialogFor } from "./dialogs.js";
import { t } from "./text.js";
import { toast } from "./toast.js";

/** Ask before a button's form is sent; the button names the dialog, and whom it is about. */
function askBefore(id) {
  let asked;
  const open = dialogFor(
    id,
    async () => asked.form.requestSubmit(asked),
    (form) => {
      form.querySelector(".whom").textContent = asked.dataset.whom;
    },
  );
  document.addEventListener("click", (event) => {
    const button = event.target.closest(`[data-asks="${id}"]`);
    if (!button) return;
    event.preventDefault();
    asked = button;
    open();
  });
}

async function copy(code) {
  try {
    await navigator.clipboard.writeText(code.textContent);
    toast(t("The token is copied"));
  } catch {
    getSelection().selectAllChildren(code); // without TLS browsers let no page copy
    toast(t("This browser does not let the page copy: the token is marked, copy it with the keys."));
  }
}

askBefore("disable");
askBefore("revoke");
document.getElementById("copy")?.addEventListener("click", () => copy(document.getElementById("token")));
