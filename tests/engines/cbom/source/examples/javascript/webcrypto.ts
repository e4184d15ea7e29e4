export async function seal(key: CryptoKey, data: Uint8Array): Promise<ArrayBuffer> {
  const iv = crypto.getRandomValues(new Uint8Array(12)); // finds: use:CSPRNG
  await crypto.subtle.digest('SHA-1', data); // finds: use:SHA-1 weak-hash
  await window.crypto.subtle.digest({ name: 'SHA-256' }, data); // finds: use:SHA-256
  await crypto.subtle.encrypt({ name: 'AES-GCM', iv: new Uint8Array(12) }, key, data); // finds: use:AES static-iv
  return crypto.subtle.encrypt({ name: 'AES-GCM', iv }, key, data); // finds: use:AES
}

const ALGORITHM: string = 'RSA-OAEP';

async function generate(password: CryptoKey, salt: Uint8Array) {
  const { subtle } = globalThis.crypto;
  await subtle.generateKey({ name: ALGORITHM, modulusLength: 1024, hash: 'SHA-256' }, true, []); // finds: use:RSA weak-key-size
  await subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-256' }, true, ['sign']); // finds: use:ECDSA
  await subtle.deriveKey({ name: 'PBKDF2', salt, iterations: 1000, hash: 'SHA-256' }, password, {}, true, []); // finds: use:PBKDF2 low-kdf-iterations
  const raw = new TextEncoder().encode('a key that everyone can read');
  await subtle.importKey('raw', raw, { name: 'HMAC', hash: 'SHA-256' }, false, ['sign']); // finds: use:HMAC-SHA-256 hardcoded-key
}

export function generateOne(kind: string) {
  const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 3072, hash: 'SHA-256' };
  const chosen = kind === 'ec' ? { name: 'ECDSA', namedCurve: 'P-256' } : rsa;
  return crypto.subtle.generateKey(chosen, true, ['sign']); // finds: use:ECDSA use:RSA
}

// A key keeps its hash and curve; operations with it name the algorithm alone.
export async function withKeys(secret: Uint8Array, data: Uint8Array) {
  const key = await crypto.subtle.importKey('raw', secret, { name: 'HMAC', hash: 'SHA-512' }, false, ['sign']); // finds: use:HMAC-SHA-512
  await crypto.subtle.sign('HMAC', key, data); // finds: use:HMAC-SHA-512
  const pair = await crypto.subtle.generateKey({ name: 'ECDSA', namedCurve: 'P-384' }, false, ['sign']); // finds: use:ECDSA
  await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-384' }, pair.privateKey, data); // finds: use:ECDSA
}

// A counter that is written into a buffer makes it another nonce each time; HKDF may have a constant salt.
export async function frames(key: CryptoKey, frame: Uint8Array, count: number) {
  const nonce = new ArrayBuffer(12);
  new DataView(nonce).setUint32(0, count);
  await crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, frame); // finds: use:AES
  const other = new Uint8Array(12);
  other.set(frame.subarray(0, 4), 8);
  await crypto.subtle.encrypt({ name: 'AES-GCM', iv: other }, key, frame); // finds: use:AES
  const same = new Uint8Array(12);
  same.set([1, 2, 3]);
  await crypto.subtle.encrypt({ name: 'AES-GCM', iv: same }, key, frame); // finds: use:AES static-iv
  const salt = new TextEncoder().encode('of this application');
  await crypto.subtle.deriveBits({ name: 'HKDF', hash: 'SHA-256', salt, info: frame }, key, 256); // finds: use:HKDF
  await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: 'SHA-256', salt, iterations: 600000 }, key, 256); // finds: use:PBKDF2 static-salt
}

export async function sealed(key: CryptoKey, macKey: CryptoKey, data: Uint8Array, iv: Uint8Array) {
  const text = await crypto.subtle.encrypt({ name: 'AES-CTR', counter: iv, length: 64 }, key, data); // finds: use:AES
  return [text, await crypto.subtle.sign({ name: 'HMAC' }, macKey, text)]; // finds: use:HMAC
}
export async function counted(key: CryptoKey, frame: Uint8Array, count: number) {
  const nonce = new Uint8Array(12);
  new DataView(nonce.buffer).setUint32(8, count);
  return crypto.subtle.encrypt({ name: 'AES-GCM', iv: nonce }, key, frame); // finds: use:AES
}

export const streams = [
  new crypto.DigestStream('SHA-1'), // finds: use:SHA-1 weak-hash
  new crypto.DigestStream('SHA-256'), // finds: use:SHA-256
];
