// What leaves a loop whose body comes before its test doesn't leave the function, and what isn't known of an object
// isn't its default.

import { createHash } from 'node:crypto';
import https from 'node:https';
import _ from 'lodash';

const opened = (answer, again) => {
  do {
    if (!answer.ok) return false;
    if (answer.late) continue;
    break;
  } while (again);
  return true;
};

export const open = (answer) => {
  if (!opened(answer)) return;
  createHash('sha1').update(answer.text); // finds: use:SHA-1 weak-hash
};

export const lastOf = (items) => {
  let name = 'md5';
  do {
    name = 'sha256';
    if (items.pop()) break;
  } while (items.length);
  return createHash(name); // finds: use:SHA-256
};

export const refused = () => {
  do {
    throw new Error('never');
  } while (true);
  createHash('md5'); // finds:
};

export const agentOf = (settings) => {
  if (!_.get(settings, 'request.verified', true)) {
    return new https.Agent({ rejectUnauthorized: false }); // finds: use:TLS disabled-certificate-check
  }
};

if (!_.get({ request: { verified: true } }, 'request.verified', true)) {
  createHash('md5'); // finds:
}
