const jose = require('node-jose');
const jwa = require('jwa');
const { SignedXml } = require('xml-crypto');
const httpSignature = require('http-signature');
const sshpk = require('sshpk');
const webpush = require('web-push');
const ecc = require('tiny-secp256k1');
const Wallet = require('ethereumjs-wallet').default;
const aws4 = require('aws4');
const OAuth = require('oauth-1.0a');
const x509 = require('@peculiar/x509');
const acme = require('acme-client');
const pem = require('pem');

async function main(key, algorithm) {
  await jose.JWS.createSign(key).update('x').final(); // finds: use:JSON_Web_Signature
  await jose.JWE.createEncrypt(key).update('x').final(); // finds: use:AES
  await jose.JWK.createKeyStore().generate('RSA', 1024); // finds: use:RSA weak-key-size
  jwa('HS256').sign('x', key); // finds: use:HMAC-SHA-256
  jwa(algorithm).sign('x', key); // finds: use:
  new SignedXml({ privateKey: key }).computeSignature('<x/>'); // finds: use:
  httpSignature.sign({}, { key, keyId: 'x', algorithm: 'rsa-sha256' }); // finds: use:RSA
  httpSignature.verifySignature({}, key); // finds: use:
  sshpk.generatePrivateKey('ecdsa', { curve: 'nistp256' }); // finds: use:ECDSA
  sshpk.parsePrivateKey(key, 'pem'); // finds: use:
  webpush.setVapidDetails('mailto:a@example.org', process.env.PUBLIC, key); // finds: use:ECDSA
  await webpush.sendNotification({}, 'x'); // finds: use:AES
  ecc.sign(new Uint8Array(32), key); // finds: use:ECDSA
  ecc.signSchnorr(new Uint8Array(32), key); // finds: use:Schnorr
  Wallet.generate(); // finds: use:ECDSA
  aws4.sign({}, { secretAccessKey: key }); // finds: use:HMAC-SHA-256
  new OAuth({ consumer: {}, signature_method: 'HMAC-SHA1' }); // finds: use:HMAC-SHA-1
  await x509.X509CertificateGenerator.createSelfSigned({}); // finds: use:X.509
  await acme.crypto.createPrivateKey(); // finds: use:RSA
  await acme.crypto.createCsr({}); // finds: use:X.509
  pem.createPrivateKey(1024, () => {}); // finds: use:RSA weak-key-size
}

// What nothing asks for.
import crypto from 'crypto';
import nacl from 'tweetnacl';
import { ed25519 } from '@noble/curves/ed25519';

export function received(data, signature, key) {
  crypto.createVerify('sha256').update(data).verify(key, signature); // finds: use:SHA-256 unverified-signature
  crypto.verify('sha256', data, key, signature); // finds: use:SHA-256 unverified-signature
  crypto.verify('sha256', data, key, signature, answer); // finds: use:SHA-256
  nacl.sign.detached.verify(data, signature, key); // finds: use:Ed25519 unverified-signature
  ed25519.verify(signature, data, key); // finds: use:Ed25519 unverified-signature
  if (!nacl.sign.detached.verify(data, signature, key)) throw new Error('forged'); // finds: use:Ed25519
  return crypto.verify('sha256', data, key, signature); // finds: use:SHA-256
}
