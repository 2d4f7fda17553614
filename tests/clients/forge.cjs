// Writes requests and certificates with node-forge: a wish comes on stdin as JSON, PEM goes to
// stdout. Every text of a name is a PrintableString, as node-forge writes it unless told otherwise.
"use strict";

const { pki, md } = require("node-forge");

// A wish: `key` (PEM), `subject` (pairs of short name and value), and for a request `names`, for a
// certificate `issuer` (as `subject`) and `issuerKey`.
function subjectOf(pairs) {
  return pairs.map(([shortName, value]) => ({ shortName, value }));
}

function request(wish) {
  const made = pki.createCertificationRequest();
  const key = pki.privateKeyFromPem(wish.key);
  made.publicKey = pki.setRsaPublicKey(key.n, key.e);
  made.setSubject(subjectOf(wish.subject));
  const altNames = wish.names.map((value) => ({ type: 2, value }));
  made.setAttributes([
    { name: "extensionRequest", extensions: [{ name: "subjectAltName", altNames }] },
    { name: "challengePassword", value: "word" },
  ]);
  made.sign(key, md.sha256.create());
  return pki.certificationRequestToPem(made);
}

function certificate(wish) {
  const made = pki.createCertificate();
  const key = pki.privateKeyFromPem(wish.key);
  made.publicKey = pki.setRsaPublicKey(key.n, key.e);
  made.serialNumber = wish.serial;
  made.validity.notBefore = new Date(wish.begins);
  made.validity.notAfter = new Date(wish.ends);
  made.setSubject(subjectOf(wish.subject));
  made.setIssuer(subjectOf(wish.issuer));
  made.setExtensions([{ name: "basicConstraints", cA: wish.ca }]);
  made.sign(pki.privateKeyFromPem(wish.issuerKey), md.sha256.create());
  return pki.certificateToPem(made);
}

async function main() {
  let text = "";
  for await (const piece of process.stdin) text += piece;
  const makers = { request, certificate };
  for (const wish of JSON.parse(text)) process.stdout.write(makers[wish.kind](wish));
}

main();
