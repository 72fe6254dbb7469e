// Drawn cells to try the page with; they take the same way as every other picture.

const SEEDS = 1_000_000;

/** @param {(picture: {name: string, file?: Blob, problem?: object}) => void} take */
export function offerDrawings(take) {
  const buttons = [...document.querySelectorAll("#samples button")];
  for (const button of buttons) {
    button.addEventListener("click", async () => {
      const { label, seed } = button.dataset;
      take({ name: `drawing-${label}-${seed}.png`, ...(await fetched(address(button))) });
    });
  }
  document.getElementById("redraw").addEventListener("click", () => {
    for (const button of buttons) {
      button.dataset.seed = Math.floor(Math.random() * SEEDS);
      button.querySelector("img").src = address(button);
    }
  });
}

async function fetched(url) {
  try {
    const response = await fetch(url);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return { file: await response.blob() };
  } catch (error) {
    const message = `The drawing has not come (${error.message}): check that HematoVision is running`;
    return { problem: { code: "unreachable", message } };
  }
}

function address({ dataset: { label, seed } }) {
  return `/samples/${label}.png?seed=${seed}`;
}
