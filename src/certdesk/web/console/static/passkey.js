// Passkeys. A form with data-passkey="create" or "get" asks the address in data-begin what to ask
// the browser, and sends the browser's answer as its field Answer. Without scripts, or in a browser
// without passkeys, such forms stay hidden.

"use strict";

const toBytes = (text) =>
  Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (each) =>
    each.charCodeAt(0)
  );

const toText = (buffer) =>
  btoa(String.fromCharCode(...new Uint8Array(buffer)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replaceAll("=", "");

const named = (list) => list.map((each) => ({ ...each, id: toBytes(each.id) }));

function optionsOf(kind, said) {
  const options = { ...said, challenge: toBytes(said.challenge) };
  if (kind === "get") {
    return { ...options, allowCredentials: named(said.allowCredentials) };
  }
  return {
    ...options,
    user: { ...said.user, id: toBytes(said.user.id) },
    excludeCredentials: named(said.excludeCredentials),
  };
}

function answerOf(credential) {
  const response = {};
  for (const name of [
    "clientDataJSON",
    "attestationObject",
    "authenticatorData",
    "signature",
    "userHandle",
  ]) {
    if (credential.response[name]) {
      response[name] = toText(credential.response[name]);
    }
  }
  const id = toText(credential.rawId);
  return JSON.stringify({ id, rawId: id, type: credential.type, response });
}

// What the desk says, or a problem: a sign-in that has ended leads to another page.
async function saidBy(form) {
  const body = new URLSearchParams({ FormToken: form.elements.FormToken.value });
  try {
    const answer = await fetch(form.dataset.begin, { method: "POST", body, redirect: "error" });
    return await answer.json();
  } catch {
    return { problem: "The desk did not answer. Load the page again and try once more." };
  }
}

async function asked(form) {
  const kind = form.dataset.passkey;
  const said = await saidBy(form);
  if (said.problem) {
    throw new Error(said.problem);
  }
  const publicKey = optionsOf(kind, said);
  const credential = await navigator.credentials[kind]({ publicKey });
  return answerOf(credential);
}

function problemOf(error) {
  if (error.name === "InvalidStateError") {
    return "This device already has a passkey for you.";
  }
  if (error.name === "NotAllowedError") {
    return "The browser used no passkey: it was cancelled, took too long, or there is none here.";
  }
  return error.message;
}

for (const form of document.querySelectorAll("form[data-passkey]")) {
  if (!window.PublicKeyCredential) {
    continue;
  }
  const problem = form.querySelector("[role=alert]");
  form.closest("[data-passkeys]").hidden = false;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    problem.textContent = "";
    try {
      form.elements.Answer.value = await asked(form);
      form.submit();
    } catch (error) {
      problem.textContent = problemOf(error);
    }
  });
}
