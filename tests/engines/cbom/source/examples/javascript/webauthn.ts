import { generateAuthenticationOptions, verifyAuthenticationResponse } from '@simplewebauthn/server';
import { Fido2Lib } from 'fido2-lib';
import { calculateJwkThumbprint, importJWK, importPKCS8 } from 'jose';

export async function login(response: unknown, credential: unknown, challenge: string) {
  await generateAuthenticationOptions({ rpID: 'example.org' }); // finds: use:CSPRNG
  await generateAuthenticationOptions({ rpID: 'example.org', challenge }); // finds:
  return verifyAuthenticationResponse({ response, credential }); // finds: use:
}

const library = new Fido2Lib({ timeout: 42 }); // finds: use:
await library.assertionResult({}, {}); // finds: use:

export async function keys(jwk: any, pem: string, algorithm: string) {
  await importJWK(jwk, algorithm); // finds: use:
  await importPKCS8(pem, 'ES256'); // finds: use:ECDSA quantum-vulnerable
  await importPKCS8(pem, algorithm); // finds: use:
  return [await calculateJwkThumbprint(jwk), await calculateJwkThumbprint(jwk, 'sha512')]; // finds: use:SHA-256 use:SHA-512
}
