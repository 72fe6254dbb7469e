// Sends the requests of the documentation page to this server, and shows what it answers.

import { proofOf } from "./proof.js";
import { t } from "./text.js";

for (const form of document.querySelectorAll("form.run")) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    run(form);
  });
}

async function run(form) {
  const output = form.querySelector("output");
  const button = form.querySelector("button");
  button.disabled = true;
  output.replaceChildren("…");
  try {
    const response = await fetch(addressOf(form), requestOf(form));
    output.replaceChildren(headOf(response), await shown(response));
  } catch (error) {
    output.replaceChildren(t("The server cannot be reached ({problem}): check that HematoVision is running", { problem: error.message }));
  } finally {
    button.disabled = false;
  }
}

function addressOf(form) {
  let path = form.dataset.path;
  const query = new URLSearchParams();
  for (const input of form.querySelectorAll("input[data-in]")) {
    if (input.dataset.in === "path") {
      path = path.replace(`{${input.name}}`, encodeURIComponent(input.value));
    } else if (input.dataset.in === "query" && input.value) {
      query.append(input.name, input.value);
    }
  }
  return query.size ? `${path}?${query}` : path;
}

function requestOf(form) {
  const { method } = form.dataset;
  const request = { method, headers: proofOf(method) };
  for (const input of form.querySelectorAll("[data-in=header]")) {
    if (input.value) request.headers[input.name] = input.value;
  }
  const json = form.querySelector("[data-in=json]");
  const files = form.querySelector("[data-in=form]");
  if (json) {
    request.body = json.value;
    request.headers["Content-Type"] = "application/json";
  } else if (files) {
    request.body = new FormData();
    for (const file of files.files) request.body.append(files.name, file);
  }
  return request;
}

function headOf(response) {
  const head = document.createElement("strong");
  head.textContent = `${response.status} ${response.statusText}`;
  return head;
}

async function shown(response) {
  const type = response.headers.get("Content-Type") ?? "";
  if (type.startsWith("image/")) {
    const picture = new Image();
    picture.src = URL.createObjectURL(await response.blob());
    picture.alt = t("The picture that the server answered");
    picture.onload = () => URL.revokeObjectURL(picture.src);
    return picture;
  }
  if (type === "application/pdf") return file(await response.blob(), "answer.pdf");
  const text = document.createElement("pre");
  text.tabIndex = 0;
  const answer = await response.text();
  text.textContent = type.startsWith("application/json") ? JSON.stringify(JSON.parse(answer), null, 2) : answer;
  return text;
}

function file(blob, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.textContent = t("Save {name}, {size} kB", { name, size: Math.ceil(blob.size / 1000) });
  return link;
}
