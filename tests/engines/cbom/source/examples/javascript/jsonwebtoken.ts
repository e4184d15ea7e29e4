import jwt, { sign } from 'jsonwebtoken';
import * as jose from 'jose';
import simple from 'jwt-simple';

const SECRET = process.env.SECRET;

jwt.sign({ sub: '1' }, SECRET); // finds: use:HMAC-SHA-256
jwt.sign({ sub: '1' }, 'a secret of this application'); // finds: use:HMAC-SHA-256 hardcoded-key
sign({ sub: '1' }, SECRET, { algorithm: 'ES256' }); // finds: use:ECDSA
jwt.sign({ sub: '1' }, '', { algorithm: 'none' }); // finds: unverified-signature
jwt.verify(token, SECRET, { algorithms: ['RS256'] }); // finds: use:RSA
jwt.verify(token, SECRET, { algorithms: ['HS256', 'none'] }); // finds: use:HMAC-SHA-256 unverified-signature
simple.decode(token, SECRET, true); // finds: unverified-signature
simple.decode(token, SECRET);

export function subject(token: string) {
  return jwt.decode(token).sub; // finds: unverified-signature
}

export function checked(token: string) {
  jwt.verify(token, SECRET); // finds: use:JSON_Web_Signature
  return jwt.decode(token).sub;
}

const made = await new jose.SignJWT({ sub: '1' }) // finds: use:ECDSA
  .setProtectedHeader({ alg: 'ES256' }) // finds: use:ECDSA
  .setIssuedAt()
  .sign(key); // finds: use:ECDSA

import { JwtModule, JwtService } from '@nestjs/jwt';

JwtModule.register({ secret: 'secretKey' }); // finds: use:HMAC-SHA-256 hardcoded-key
export class Tokens {
  constructor(private readonly service: JwtService) {}

  made() {
    return this.service.sign({}, { secret: 'secretKey' }); // finds: use:HMAC-SHA-256 hardcoded-key
  }
}

import { importPKCS8 } from 'jose';

importPKCS8(pem, 'RS256'); // finds: use:RSA

import { CompactEncrypt, importJWK, jwtDecrypt } from 'jose';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport-jwt';

export async function others(token: string, secret: Uint8Array) {
  const key = await importJWK({ kty: 'oct', k: 'c2VjcmV0LWtleQ', alg: 'HS512' }); // finds: use:HMAC-SHA-512
  await jose.jwtVerify(token, key); // finds: use:JSON_Web_Signature hardcoded-key
  new CompactEncrypt(secret).setProtectedHeader({ alg: 'RSA1_5', enc: 'A256GCM' }); // finds: use:AES use:RSA weak-padding
  new CompactEncrypt(secret).setProtectedHeader({ alg: 'ECDH-ES', enc: 'A256GCM' }); // finds: use:AES
  await jwtDecrypt(token, secret); // finds: use:AES
}

export class JwtStrategy extends PassportStrategy(Strategy) {
  constructor() {
    super({ secretOrKey: 'signs tokens' }); // finds: hardcoded-key
  }
}

import { jwtDecode } from 'jwt-decode';
import njwt from 'njwt';

export const shown = (token: string) => jwtDecode(token).name;
export function trusts(req, res) {
  res.json(jwtDecode(req.headers.authorization).role); // finds: unverified-signature
}
export function kept(req, res) {
  jwt.verify(req.token, SECRET, { algorithms: ['none'] }); // finds: unverified-signature
  return jwt.decode(req.token); // finds: unverified-signature
}
njwt.create({ sub: '1' }, 'a secret of this application'); // finds: use:HMAC-SHA-256 hardcoded-key
njwt.verify(token, SECRET, 'HS512'); // finds: use:HMAC-SHA-512

import jws from 'jws';

jws.verify(token, 'HS256', SECRET); // finds: use:HMAC-SHA-256
jws.createSign({ header: { alg: 'RS256' }, privateKey: SECRET }); // finds: use:RSA
export const parts = (token: string) => jws.decode(token).header;
export const route = (req, res) => res.json(jws.decode(req.token)); // finds: unverified-signature

// A token of one's own, and one that its issuer sent, are no claims of a client.
export async function claims(tokens: OAuthTokens, request: Request) {
  const own = jwt.sign({ sub: 'me' }, process.env.KEY!, { expiresIn: '1h' }); // finds: use:HMAC-SHA-256
  const end = (jwt.decode(own) as jwt.JwtPayload).exp;
  const issued = await new jose.SignJWT({}).setProtectedHeader({ alg: 'ES256' }).sign(key); // finds: use:ECDSA
  return [end, jose.decodeJwt(issued), jose.decodeJwt(tokens.id_token), jwt.decode((await token()).idToken)];
}
export const received = (request: any) => [
  jose.decodeJwt(request.body.id_token), // finds: unverified-signature
  jwt.decode(request.idToken), // finds: unverified-signature
  jose.decodeJwt(await exchange(request.body.code)), // finds: unverified-signature
];

const sealed = new jose.EncryptJWT({}); // finds: use:AES
sealed.setProtectedHeader({ alg: 'RSA-OAEP-256', enc: 'A256GCM' }); // finds: use:AES use:RSA
sealed.setProtectedHeader({ alg: 'ECDH-ES+A256KW', enc: 'A256GCM' }); // finds: use:AES use:ECDH

// An algorithm from elsewhere.
export async function passed(text: string, alg: string | undefined, options: { algorithms?: string[] }) {
  await jose.jwtVerify(text, key, { algorithms: options.algorithms ?? (alg ? [alg] : undefined) }); // finds: use:JSON_Web_Signature
  const signer = new jose.SignJWT({}).setProtectedHeader({ alg }); // finds: use:JSON_Web_Signature
  return signer.sign(key); // finds: use:JSON_Web_Signature
}

import { expressjwt } from 'express-jwt';
import { expressJwt } from 'express-jwt';

export const guards = [
  expressjwt({ secret: SECRET, algorithms: ['HS256'] }), // finds: use:HMAC-SHA-256
  expressJwt({ secret: 'a secret', algorithms: ['HS256'] }), // finds: use:HMAC-SHA-256 hardcoded-key
];

export function claims(token: string) {
  const decoded = jwt.decode(token, { complete: true }); // finds: unverified-signature
  return decoded ? decoded.payload : {};
}

export function issuer(token: string) {
  const decoded = jwt.decode(token, { complete: true });
  return [decoded.header.kid, decoded.payload.iss];
}

export function keyOf(token: string) {
  return jwt.decode(token, { complete: true });
}

import Cookies from 'js-cookie';

export function shown(name) {
  const own = Cookies.get('jwt');
  return [jwt.decode(own).name, jose.decodeJwt(localStorage.getItem('token')).sub];
}

export function trusted(req) {
  return jwt.decode(req.cookies.jwt).name; // finds: use:JSON_Web_Signature unverified-signature
}
