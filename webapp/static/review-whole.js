// A whole class confirmed with one act, once a person has said that they have looked at it.

import { t, tn } from "./text.js";

const dialog = document.getElementById("whole");
const choices = dialog.querySelector(".actions");

/** @returns {(id: string, unseen: object[]) => Promise<object[]>} asks which cells are confirmed */
export function offerWhole(titles) {
  return (id, unseen) => {
    const sure = unseen.filter((cell) => cell.answer.status === "confident");
    const others = unseen.length - sure.length;
    const values = { name: titles.title(id) };
    dialog.querySelector("h2").textContent = t("Confirm as {name}", values);
    dialog.querySelector("#whole-words").textContent = words(unseen.length, others);
    const all = choices.querySelector("[value=all]");
    const confident = choices.querySelector("[value=confident]");
    all.textContent = tn("Confirm {n} cell", "Confirm all {n} cells", unseen.length);
    confident.textContent = tn("Confirm {n} confident", "Confirm {n} confident", sure.length);
    confident.hidden = !sure.length || !others;
    all.classList.toggle("accent", confident.hidden);
    dialog.showModal();
    return new Promise((resolve) => {
      const answer = (event) => {
        const chosen = event.target.closest("button")?.value;
        if (chosen) dialog.close(chosen);
      };
      choices.addEventListener("click", answer);
      dialog.returnValue = "";
      dialog.addEventListener(
        "close",
        () => {
          choices.removeEventListener("click", answer);
          const { returnValue } = dialog;
          resolve(returnValue === "all" ? unseen : returnValue === "confident" ? sure : []);
        },
        { once: true },
      );
    });
  };
}

function words(n, others) {
  const looked = tn(
    "This says that you have looked at this cell.",
    "This says that you have looked at each of these cells.",
    n,
  );
  if (!others) return looked;
  const doubt = tn(
    "Of {n} of them the model is not sure: look at it closely first.",
    "Of {n} of them the model is not sure: look at those closely first.",
    others,
  );
  return `${looked} ${doubt}`;
}
