// Carries jobs out with a client for Node, `sdk` or `capi`: jobs come on stdin, outcomes go to
// stdout, both as tests/clients/jobs.py describes them.
"use strict";

const { Capi } = require("@tencent-sdk/capi");
const { ClientProfile, Credential, HttpProfile } = require(
  "tencentcloud-sdk-nodejs-intl-en/tencentcloud/common",
);
const { v20191205 } = require("tencentcloud-sdk-nodejs-intl-en/tencentcloud/ssl");

function callSdk(job) {
  const client = new v20191205.Client(
    new Credential(job.secret_id, job.secret_key, job.token),
    job.region,
    new ClientProfile(job.sign, new HttpProfile(`${job.protocol}://`, job.endpoint, job.method)),
  );
  const reply = {};
  const model = { deserialize: (members) => Object.assign(reply, members) };
  return new Promise((resolve, reject) => {
    const done = (error) => (error ? reject(error) : resolve(reply));
    client.request(job.action, job.parameters, model, { multipart: job.multipart }, done);
  });
}

async function callCapi(job) {
  const client = new Capi({
    protocol: "http",
    host: job.endpoint,
    method: job.method,
    serviceType: "ssl",
    version: "2019-12-05",
    secretId: job.secret_id,
    secretKey: job.secret_key,
    signatureMethod: job.sign === "HmacSHA256" ? "sha256" : "sha1",
  });
  const asked = { Action: job.action, Version: "2019-12-05", ...job.parameters };
  const newer = job.sign === "TC3-HMAC-SHA256";
  const { Response } = await client.request(asked, { host: job.endpoint }, newer);
  if (Response.Error) throw { code: Response.Error.Code, message: Response.Error.Message };
  return Response;
}

async function outcome(call, job) {
  try {
    return { reply: await call(job) };
  } catch (error) {
    return { code: error.code || "", message: String(error.message || error) };
  }
}

async function main() {
  const call = process.argv[2] === "capi" ? callCapi : callSdk;
  let text = "";
  for await (const piece of process.stdin) text += piece;
  const outcomes = [];
  for (const job of JSON.parse(text)) outcomes.push(await outcome(call, job));
  process.stdout.write(JSON.stringify(outcomes));
}

main();
