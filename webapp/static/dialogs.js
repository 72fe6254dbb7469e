// Dialogs that ask for something and then do it. A button opens the one that its data-opens names;
// it stays open, with the reason in its .error, while what it asks for is refused.

/**
 * @param {string} id of a dialog with a form
 * @param {(form: HTMLFormElement) => Promise<void>} act does what was asked for
 * @param {(form: HTMLFormElement) => void} [prepare] is called before it is shown
 * @returns {() => void} opens it
 */
export function dialogFor(id, act, prepare = () => {}) {
  const dialog = document.getElementById(id);
  if (!dialog) return () => {};
  const form = dialog.querySelector("form");
  const error = dialog.querySelector(".error");
  const complain = (message) => {
    error.textContent = message;
    error.hidden = !message;
  };
  const open = () => {
    complain("");
    prepare(form);
    dialog.showModal();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (form.classList.contains("busy")) return;
    form.classList.add("busy");
    try {
      await act(form);
      dialog.close();
    } catch (problem) {
      complain(problem.message);
    }
    form.classList.remove("busy");
  });
  // Buttons come and go with the parts of a page that are drawn anew.
  document.addEventListener("click", (event) => {
    if (event.target.closest(`[data-opens="${id}"]`)) open();
  });
  closeByButton(dialog);
  return open;
}

/** Let each button with the value "cancel" close its dialog. */
export function closeByButton(dialog) {
  dialog.addEventListener("click", (event) => {
    if (event.target.closest("button[value=cancel]")) dialog.close();
  });
}
