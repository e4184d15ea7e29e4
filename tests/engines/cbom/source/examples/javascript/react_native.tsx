import * as Crypto from 'expo-crypto';
import { CryptoDigestAlgorithm, digestStringAsync } from 'expo-crypto';
import QuickCrypto, { createHash } from 'react-native-quick-crypto';
import Aes from 'react-native-aes-crypto';
import { RSA, RSAKeychain } from 'react-native-rsa-native';

Crypto.digestStringAsync(Crypto.CryptoDigestAlgorithm.MD5, text); // finds: use:MD5 weak-hash
digestStringAsync(CryptoDigestAlgorithm.SHA512, text); // finds: use:SHA-512
Crypto.digest('SHA-1', data); // finds: use:SHA-1 weak-hash
Crypto.getRandomBytes(16); // finds: use:CSPRNG
QuickCrypto.createCipheriv('aes-128-ecb', key, null); // finds: use:AES ecb-mode
createHash('sha256').update(text); // finds: use:SHA-256

export async function sealed(text: string, password: string, salt: string) {
  const key = await Aes.pbkdf2(password, salt, 5000, 256, 'sha256'); // finds: use:PBKDF2 low-kdf-iterations
  const iv = await Aes.randomKey(16); // finds: use:CSPRNG
  const mac = await Aes.hmac256(text, key); // finds: use:HMAC-SHA-256
  return [mac, await Aes.encrypt(text, key, iv, 'aes-256-cbc')]; // finds: use:AES
}
Aes.encrypt(text, key, '00000000000000000000000000000000', 'aes-128-ctr'); // finds: use:AES static-iv unauthenticated-mode
Aes.decrypt(text, key, iv, 'aes-256-cbc'); // finds: use:AES unauthenticated-mode
Aes.pbkdf2('password of the app', salt, 600_000, 256, 'sha512'); // finds: use:PBKDF2 hardcoded-key

RSA.generateKeys(1024); // finds: use:RSA weak-key-size
RSAKeychain.generateKeys('tag', 4096); // finds: use:RSA
RSA.encrypt(text, key); // finds: use:RSA weak-padding
RSA.sign(text, key); // finds: use:RSA
RSA.signWithAlgorithm(text, key, 'SHA1withRSA'); // finds: use:RSA weak-hash

export const Screen = () => <View opacity={Math.random()} />;

import JWT from 'expo-jwt';
import { MMKV } from 'react-native-mmkv';
import { sha1 } from 'react-native-sha1';
import { sha256 } from 'react-native-sha256';
import Simple from 'react-native-simple-crypto';
import { fetch as pinned } from 'react-native-ssl-pinning';
import Realm from 'realm';

export async function smaller(text: string, key: string, iv: string, salt: string, password: string) {
  sha1(text); // finds: use:SHA-1 weak-hash
  sha256(text); // finds: use:SHA-256
  Simple.SHA.sha512(text); // finds: use:SHA-512
  Simple.AES.encrypt(text, key, iv); // finds: use:AES
  Simple.HMAC.hmac256(text, 'a fixed key'); // finds: use:HMAC-SHA-256 hardcoded-key
  Simple.PBKDF2.hash(password, salt, 1000, 32, 'SHA1'); // finds: use:PBKDF2 low-kdf-iterations
  new MMKV({ id: 'plain' });
  new MMKV({ id: 'sealed', encryptionKey: 'a fixed key' }); // finds: use:AES hardcoded-key
  new Realm({ encryptionKey: key }); // finds: use:AES
  pinned('https://example.org', { disableAllSecurity: true }); // finds: disabled-certificate-check
  pinned('https://example.org', { pkPinning: true });
  JWT.encode({}, 'a fixed secret', { algorithm: 'HS256' }); // finds: use:HMAC-SHA-256 hardcoded-key
  JWT.decode(text, key); // finds: use:HMAC-SHA-256
}
