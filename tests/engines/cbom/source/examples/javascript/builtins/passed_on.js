// Options that are copied, functions that only take a secret, answers to challenges, and buffers that are filled.

import { createCipheriv, createDecipheriv, createHash, createHmac, scryptSync } from 'node:crypto';
import https from 'node:https';

const loose = (options) => {
  options.rejectUnauthorized = false; // finds: use:TLS disabled-certificate-check
  return options;
};

const fields = loose({ ca: process.env.CA });
https.request({
  ca: fields.ca,
  rejectUnauthorized: fields.rejectUnauthorized, // finds:
});
https.request({
  rejectUnauthorized: fields.rejectUnauthorized !== undefined ? fields.rejectUnauthorized : true, // finds:
});
https.request({ rejectUnauthorized: fields.strict ?? false }); // finds: use:TLS disabled-certificate-check

class Client {
  constructor() {
    this.rejectUnauthorized = false;
  }

  agent() {
    return new https.Agent({ rejectUnauthorized: this.rejectUnauthorized }); // finds: use:TLS disabled-certificate-check
  }
}

export function encryptPassword(password) {
  const iterations = Math.floor(Math.random() * 90000) + 10000; // finds:
  return `${iterations}:${password}`;
}

export function newPassword() {
  return Math.random().toString(36); // finds: weak-random
}

export const mode = { token: (stream) => `word random-${Math.random()}${stream.next()}` }; // finds:

export const answer = (nonce, created, password) =>
  createHash('sha256').update(nonce + created + password).digest('base64'); // finds: use:SHA-256
export const stored = (salt, password) =>
  createHash('sha256').update(salt + password).digest('base64'); // finds: use:SHA-256 weak-kdf

export function opened(password, data, parts, name) {
  const key = Buffer.alloc(32);
  const derived = scryptSync(password, data.salt, 48); // finds: use:scrypt
  derived.copy(key, 0, 0, 32);
  const other = Buffer.alloc(32);
  parts.joined().copy(other);
  createDecipheriv('aes-256-gcm', other, data.iv); // finds: use:AES
  createDecipheriv('aes256', key, data.iv, { authTagLength: 16 }).setAuthTag(data.tag); // finds: use:AES
  return createDecipheriv('aes256', key, data.iv); // finds: use:AES unauthenticated-mode
}

export function concatenated(password) {
  const key = Buffer.alloc(32);
  const hashes = [];
  let last = createHash('sha256').update(password.trimmed()).digest(); // finds: use:SHA-256
  while (hashes.length < 2) hashes.push(last);
  Buffer.concat(hashes).copy(key, 0, 0, 32);
  return createCipheriv('aes-256-gcm', key, process.env.IV); // finds: use:AES
}

const constant = Buffer.alloc(32);
Buffer.from('0123456789abcdef0123456789abcdef').copy(constant);
createCipheriv('aes-256-gcm', constant, process.env.IV); // finds: use:AES hardcoded-key

// What a comparison tells is no secret, and a constant key of a secret's MAC is a label.

export const tokenIsUsed = Math.random() > 0.5; // finds:
export const labelled = (token) => createHmac('sha256', 'invitation').update(token).digest('hex'); // finds: use:HMAC-SHA-256
export const keyed = (body) => createHmac('sha256', 'a key in the source').update(body).digest('hex'); // finds: use:HMAC-SHA-256 hardcoded-key
