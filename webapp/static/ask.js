// One picture to the server, one result back.

const TRIES = 8; // when the server is busy

/** A problem that is an answer: it has a code and a sentence for a person. */
export class Problem extends Error {
  constructor(code, message) {
    super(message);
    this.answer = { code, message };
  }
}

/**
 * Classify a picture.
 * @param {File} file
 * @param {number} maxBytes what the server takes at most
 * @param {AbortSignal} signal
 * @returns {Promise<{result: object, model: object}>} the picture's result and who answered
 */
export async function classify(file, maxBytes, signal) {
  // A server hangs up on a larger body, so its own words would not arrive.
  if (file.size > maxBytes) {
    const size = (file.size / 1e6).toFixed(1);
    throw new Problem(
      "too_large",
      `${file.name} has ${size} MB, the limit is ${maxBytes / 1e6} MB: export it as JPEG or cut it into parts`,
    );
  }
  const body = new FormData();
  body.append("images", file, file.name);
  for (let tried = 1; ; tried += 1) {
    const response = await send(body, signal);
    if (response.status === 503 && response.headers.has("Retry-After") && tried < TRIES) {
      await pause(Number(response.headers.get("Retry-After")), signal);
      continue;
    }
    const answer = await response.json();
    if (!response.ok) throw new Problem(answer.error.code, answer.error.message);
    return { result: answer.results[0], model: answer.model };
  }
}

async function send(body, signal) {
  try {
    return await fetch("/api/v1/classify", { method: "POST", body, signal });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new Problem(
      "unreachable",
      "HematoVision does not answer: check that it is running, and that the file is still there",
    );
  }
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
