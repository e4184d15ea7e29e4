// The console works without this. With it, counts move, results are copied, proofs are checked here, and the end of the
// session is announced. Nothing is made from text: every value goes in as text content.
"use strict";

const SECONDS = 1000;

function liveCounts() {
  const rate = document.querySelector("[data-live]");
  if (!rate) return;
  const address = new URL(rate.dataset.live, location.href);
  address.searchParams.set("live", "1");
  let before = null;
  async function ask() {
    if (document.hidden) return;
    const answer = await fetch(address, { headers: { accept: "application/json" }, redirect: "error" }).catch(() => null);
    if (!answer || !answer.ok) return;
    const counts = await answer.json();
    const now = performance.now();
    for (const name of ["requests", "refused", "failed", "unavailable", "in_flight", "tokens"]) {
      const place = document.getElementById(name);
      if (place && typeof counts[name] === "number") place.textContent = counts[name].toLocaleString("en").replaceAll(",", "\u202f");
    }
    if (before) rate.textContent = ((counts.requests - before.requests) / ((now - before.now) / SECONDS)).toFixed(1);
    before = { requests: counts.requests, now };
  }
  ask();
  setInterval(ask, 5 * SECONDS);
}

function copies() {
  if (!navigator.clipboard) return;
  for (const place of document.querySelectorAll("pre.copy")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "Copy";
    button.addEventListener("click", async () => {
      await navigator.clipboard.writeText(place.textContent);
      button.textContent = "Copied";
    });
    place.after(button);
  }
}

// A file that is too large for a form is said so before it is sent, and a plaintext may be kept as a file.
function files() {
  for (const input of document.querySelectorAll("[data-most]")) {
    input.addEventListener("change", () => {
      const large = input.files[0] && input.files[0].size > Number(input.dataset.most);
      input.parentElement.querySelector("[role=status]").textContent = large ? "Too large here: use Files of any size." : "";
      if (large) input.value = "";
    });
  }
  for (const encoded of document.querySelectorAll("output [data-base64]")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "quiet";
    button.textContent = "Save as a file";
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([fromBase64(encoded.dataset.base64)]));
      link.download = "plaintext";
      link.click();
      URL.revokeObjectURL(link.href);
    });
    encoded.after(button);
  }
}

// Files of any size go in parts. Their answers are kept as blobs, which the browser may keep on disk.
const RECORD_BYTES = 65_535;
const PART_BYTES = 64 * RECORD_BYTES;

class Refused extends Error {}

async function sendPart(form, head, contents) {
  const answer = await fetch(form.dataset.files, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: new Blob([JSON.stringify(head), "\n", contents]),
    redirect: "error",
  }).catch(() => { throw new Refused("the server can't be reached"); });
  if (answer.ok) return answer;
  const told = await answer.json().catch(() => null);
  throw new Refused(told && told.errors.length ? told.errors.join("; ") : `the server answered ${answer.status}`);
}

// Where the part that begins at a byte ends: behind whole records of a file, or whole lines of an encrypted one.
async function endOfPart(file, at, encrypted) {
  const end = Math.min(at + PART_BYTES, file.size);
  if (!encrypted || end === file.size) return end;
  const newline = new Uint8Array(await file.slice(at, end).arrayBuffer()).lastIndexOf(10);
  if (newline < 0) throw new Refused("this is no file that this page has encrypted");
  return at + newline + 1;
}

async function streamFile(form, head, file, progress) {
  const made = [];
  let at = 0;
  do {
    const end = await endOfPart(file, at, head.operation === "decrypt");
    const answer = await sendPart(form, { ...head, last: end === file.size }, file.slice(at, end));
    made.push(await answer.blob());
    head.file = answer.headers.get("x-file");
    head.index += Number(answer.headers.get("x-records"));
    at = end;
    progress.value = file.size ? at / file.size : 1;
  } while (at < file.size);
  return new Blob(made);
}

function offer(place, contents, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(contents);
  link.download = name;
  link.textContent = `Save ${name}`;
  place.append("Done. ", link);
  link.focus();
}

function streams() {
  const form = document.querySelector("[data-files]");
  if (!form) return;
  form.hidden = false;
  document.querySelector("[data-without-script]").hidden = true;
  const place = form.querySelector("output"), shown = form.querySelector("[data-progress]"), progress = form.querySelector("progress");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = new FormData(form), file = given.get("file"), operation = given.get("operation");
    const head = { operation };
    for (const name of ["csrf_token", "mount", "name"]) head[name] = given.get(name).trim();
    for (const link of place.querySelectorAll("a")) URL.revokeObjectURL(link.href);
    place.replaceChildren();
    place.className = "";
    const button = form.querySelector("button");
    try {
      if (!file.name || !head.name) throw new Refused(file.name ? "choose a key" : "choose a file");
      button.disabled = true;
      progress.value = 0;
      shown.hidden = false;
      if (operation === "encrypt" || operation === "decrypt") {
        head.index = 0;
        head.file = operation === "decrypt" ? "" : Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
        const made = await streamFile(form, head, file, progress);
        offer(place, made, operation === "encrypt" ? `${file.name}.ndjson` : file.name.replace(/\.ndjson$/, ""));
      } else {
        if (operation === "verify") head.signature = given.get("file_signature").trim();
        const told = await (await sendPart(form, head, file)).json();
        const text = document.createElement("pre");
        text.tabIndex = 0;
        text.textContent = operation === "sign" ? told.signature : told.valid ? "The signature fits the file." : "The signature doesn't fit the file.";
        place.append(text);
        if (operation === "verify" && !told.valid) place.className = "note bad";
      }
      if (!place.className) place.className = "note good";
    } catch (error) {
      place.className = "note bad";
      place.textContent = error instanceof Refused ? `Not done: ${error.message}.` : "Not done: the file can't be read.";
    } finally {
      button.disabled = false;
      shown.hidden = true;
    }
  });
}

function warnOfIdleness() {
  const seconds = Number(document.body.dataset.idle || 0);
  const warning = document.getElementById("idle");
  if (!seconds || !warning) return;
  setTimeout(() => { warning.hidden = false; }, Math.max(seconds - 60, seconds / 2) * SECONDS);
}

// A login that ends elsewhere: asked for until it has, then the console opens.
function waitForLogin() {
  const place = document.querySelector("[data-wait]");
  if (!place) return;
  const address = new URL(place.dataset.wait, location.href);
  const live = new URL(address);
  live.searchParams.set("live", "1");
  const timer = setInterval(async () => {
    const answer = await fetch(live, { redirect: "error" }).catch(() => null);
    if (!answer) return;
    if (answer.ok && (await answer.json()).waiting) return;
    clearInterval(timer);
    location.assign(answer.ok ? "/ui/" : address);
  }, Number(place.dataset.seconds) * SECONDS);
}

// Merkle trees of RFC 6962: a leaf is hashed behind 0, a node behind 1.
async function hash(prefix, ...parts) {
  const length = parts.reduce((sum, part) => sum + part.length, 1);
  const bytes = new Uint8Array(length);
  bytes[0] = prefix;
  let at = 1;
  for (const part of parts) { bytes.set(part, at); at += part.length; }
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

function fromBase64(text) {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

// RFC 9162, section 2.1.3.2; sizes are below 2^53.
async function rootFrom(leaf, index, size, path) {
  let node = index, last = size - 1, found = leaf;
  for (const other of path) {
    if (last === 0) return null;
    if (node % 2 === 1 || node === last) {
      found = await hash(1, other, found);
      while (node % 2 === 0 && node !== 0) { node = Math.floor(node / 2); last = Math.floor(last / 2); }
    } else {
      found = await hash(1, found, other);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 ? found : null;
}

// c2sp.org/tlog-proof: a header, perhaps extra data, the index, hashes, an empty line, and a checkpoint.
function readProof(text) {
  const [head, ...rest] = text.split("\n\n");
  const lines = head.split("\n");
  const checkpoint = rest.join("\n\n").split("\n");
  const at = lines.findIndex((line) => line.startsWith("index "));
  if (!lines[0].startsWith("c2sp.org/tlog-proof@") || at < 0 || checkpoint.length < 3) return null;
  return {
    index: Number(lines[at].slice(6)),
    path: lines.slice(at + 1).filter(Boolean).map(fromBase64),
    size: Number(checkpoint[1]),
    root: checkpoint[2],
  };
}

async function checkProofs() {
  if (!window.crypto || !crypto.subtle) return;
  for (const place of document.querySelectorAll(".proof")) {
    const said = place.querySelector(".checked");
    const proof = readProof(place.dataset.proof);
    if (!proof) continue;
    const leaf = await hash(0, new TextEncoder().encode(place.dataset.entry));
    const root = await rootFrom(leaf, proof.index, proof.size, proof.path);
    const good = root !== null && btoa(String.fromCharCode(...root)) === proof.root;
    said.textContent = good
      ? `Checked in this page: the entry is number ${proof.index} of the ${proof.size} under the signed root. The signatures are checked by the offline verifier.`
      : "This page's check FAILED: the entry isn't under the signed root.";
    said.classList.add(good ? "ok" : "wrong");
  }
}

liveCounts();
copies();
files();
streams();
warnOfIdleness();
waitForLogin();
checkProofs();
document.querySelector("output[tabindex]")?.focus();
