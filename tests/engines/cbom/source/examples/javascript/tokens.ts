import { createDecoder, createSigner, createVerifier } from 'fast-jwt';
import { decode, verify } from 'hono/jwt';
import hapi from '@hapi/jwt';
import { createUnsecuredToken, TokenSigner, TokenVerifier } from 'jsontokens';
import jws from 'jws';
import { encode } from 'jwt-simple';
import njwt from 'njwt';
import { authorize } from 'socketio-jwt';

const SECRET = process.env.SECRET;

jws.sign({ header: { alg: 'none' }, payload: '{}' }); // finds: unverified-signature
jws.sign({ header: { alg: 'HS256' }, payload: '{}', secret: SECRET }); // finds: use:HMAC-SHA-256
njwt.create({}, SECRET, 'none'); // finds: unverified-signature
encode({}, SECRET, 'none'); // finds: unverified-signature
encode({}, SECRET); // finds: use:HMAC-SHA-256
createSigner({ algorithm: 'none' }); // finds: unverified-signature
createVerifier({ key: SECRET, algorithms: ['none'] }); // finds: unverified-signature
createSigner({ key: SECRET, algorithm: 'HS512' }); // finds: use:HMAC-SHA-512
hapi.token.generate({}, SECRET); // finds: use:HMAC-SHA-256
hapi.token.generate({}, { key: 'a fixed secret', algorithm: 'HS512' }); // finds: use:HMAC-SHA-512 hardcoded-key
new TokenSigner('ES256K', SECRET); // finds: use:ECDSA
createUnsecuredToken({}); // finds: unverified-signature
authorize({ secret: 'a fixed secret' }); // finds: use:HMAC-SHA-256 hardcoded-key
authorize({ secret: SECRET }); // finds: use:HMAC-SHA-256

const read = createDecoder();

export function subject(token: string) {
  return read(token).sub; // finds: unverified-signature
}

export function owner(token: string) {
  return decode(token).payload.sub; // finds: unverified-signature
}

export async function checked(token: string) {
  await verify(token, SECRET); // finds: use:HMAC-SHA-256
  return decode(token).payload.sub;
}

export function guest(token: string) {
  return hapi.token.decode(token).decoded.payload; // finds: unverified-signature
}

export function member(token: string) {
  const artifacts = hapi.token.decode(token);
  hapi.token.verify(artifacts, { key: SECRET, algorithm: 'HS256' }); // finds: use:HMAC-SHA-256
  return artifacts.decoded.payload;
}

import { create } from 'https://deno.land/x/djwt@v2.8/mod.ts';

await create({ alg: 'none' }, {}, null); // finds: unverified-signature
await create({ alg: 'HS512' }, {}, SECRET); // finds: use:HMAC-SHA-512
