import { Encrypter, generateIdentity } from 'age-encryption';
import { encrypt as protect } from 'bip38';
import branca from 'branca';
import cookieEncrypter from 'cookie-encrypter';
import { Secp256k1, sha256 } from '@cosmjs/crypto';
import { dilithium } from 'dilithium-crystals';
import { createKeyPair } from 'ed25519-supercop';
import EthCrypto from 'eth-crypto';
import { KJUR } from 'jsrsasign';
import keythereum from 'keythereum';
import { kyber } from 'kyber-crystals';
import { generateKeyPair } from '@libp2p/crypto/keys';
import { MlKem768 } from 'mlkem';
import { Ed25519Keypair } from '@mysten/sui/keypairs/ed25519';
import { KeyPair } from 'near-api-js';
import { Keyring } from '@polkadot/keyring';
import { SodiumPlus } from 'sodium-plus';
import { create } from 'ssha';
import { Keypair } from '@stellar/stellar-sdk';
import { SRPClientSession } from 'tssrp6a';
import ursa from 'ursa';

new MlKem768(); // finds: use:ML-KEM-768
kyber.keyPair(); // finds: use:ML-KEM
dilithium.sign(message, key); // finds: use:ML-DSA
branca(process.env.KEY).encode('text'); // finds: use:XChaCha20-Poly1305
branca('a fixed key of thirty-two bytes!'); // finds: use:XChaCha20-Poly1305 hardcoded-key
generateIdentity(); // finds: use:X25519
new Encrypter().setPassphrase('a fixed passphrase'); // finds: use:ChaCha20-Poly1305 use:scrypt hardcoded-key
new Encrypter().setPassphrase(process.env.PASSPHRASE); // finds: use:ChaCha20-Poly1305 use:scrypt
EthCrypto.sign(key, digest); // finds: use:ECDSA
EthCrypto.encryptWithPublicKey(theirs, 'text'); // finds: use:ECIES
ursa.generatePrivateKey(1024, 65537); // finds: use:RSA weak-key-size
generateKeyPair('RSA', 1024); // finds: use:RSA weak-key-size
generateKeyPair('Ed25519'); // finds: use:Ed25519
new SRPClientSession(routines); // finds: use:SRP
Secp256k1.createSignature(sha256(message), key); // finds: use:ECDSA use:SHA-256
createKeyPair(seed); // finds: use:Ed25519
Keypair.random(); // finds: use:Ed25519
KeyPair.fromRandom('ed25519'); // finds: use:Ed25519
Ed25519Keypair.generate(); // finds: use:Ed25519
new Keyring({ type: 'ed25519' }); // finds: use:Ed25519
protect(key, true, passphrase); // finds: use:scrypt
keythereum.dump(password, key, salt, iv, { kdf: 'pbkdf2', kdfparams: { c: 1000 } }); // finds: use:PBKDF2 low-kdf-iterations
keythereum.dump(password, key, salt, iv, { kdf: 'scrypt', kdfparams: { n: 262144 } }); // finds: use:scrypt
app.use(cookieEncrypter('a fixed key of thirty-two bytes!')); // finds: use:AES hardcoded-key unauthenticated-mode
create(password); // finds: use:SHA-1 weak-hash weak-kdf
KJUR.jws.JWS.sign('none', header, payload); // finds: unverified-signature
KJUR.crypto.Cipher.encrypt('text', theirs); // finds: use:RSA weak-padding
KJUR.crypto.Cipher.encrypt('text', theirs, 'RSAOAEP256'); // finds: use:RSA

export async function sealed(key) {
  const sodium = await SodiumPlus.auto();
  const nonce = await sodium.randombytes_buf(24); // finds: use:CSPRNG
  await sodium.crypto_secretbox('text', Buffer.alloc(24), key); // finds: use:XSalsa20-Poly1305 static-iv
  return sodium.crypto_secretbox('text', nonce, key); // finds: use:XSalsa20-Poly1305
}
