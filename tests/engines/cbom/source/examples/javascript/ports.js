const aesjs = require('aes-js');
const { ethers } = require('ethers');
const { sha3_256 } = require('js-sha3');
const { authenticator } = require('otplib');
const hkdf = require('@panva/hkdf');
const { KJUR } = require('jsrsasign');

const keys = (key, text, salt) => {
  new aesjs.ModeOfOperation.ecb(key); // finds: use:AES ecb-mode
  new aesjs.ModeOfOperation.ctr(key); // finds: use:AES unauthenticated-mode
  sha3_256(text); // finds: use:SHA3-256
  ethers.keccak256(text); // finds: use:Keccak
  new ethers.Wallet('0xac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80'); // finds: use:ECDSA hardcoded-key
  new ethers.Wallet(process.env.PRIVATE_KEY); // finds: use:ECDSA
  ethers.Wallet.createRandom(); // finds: use:ECDSA
  hkdf('sha256', key, salt, 'info', 32); // finds: use:HKDF
  KJUR.crypto.Util.hashString(text, 'md5'); // finds: use:MD5 weak-hash
};
const codes = (secret) => {
  authenticator.generate('KVKFKRCPNZQUYMLXOVYDSQKJKZDTSRLD'); // finds: use:HMAC-SHA-1 hardcoded-key
  authenticator.generate(secret); // finds: use:HMAC-SHA-1
  KJUR.jws.JWS.sign('HS256', '{}', '{}', { utf8: 'signs tokens' }); // finds: use:HMAC-SHA-256 hardcoded-key
};

const counter = require('aes-js');
new counter.ModeOfOperation.ctr(key, new counter.Counter(5)); // finds: use:AES static-iv unauthenticated-mode
new counter.ModeOfOperation.ctr(key, new counter.Counter(received)); // finds: use:AES unauthenticated-mode

// kdbxweb

import * as kdbxweb from 'kdbxweb';

kdbxweb.CryptoEngine.sha256(new ArrayBuffer(1)).then((hash) => kdbxweb.ByteUtils.bytesToHex(hash)); // finds: use:SHA-256
kdbxweb.CryptoEngine.random(32); // finds: use:CSPRNG
