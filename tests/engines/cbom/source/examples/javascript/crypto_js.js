import CryptoJS from 'crypto-js';
import MD5 from 'crypto-js/md5';

MD5('data'); // finds: use:MD5 weak-hash
CryptoJS.SHA256('data').toString(); // finds: use:SHA-256
CryptoJS.HmacSHA1('data', secret); // finds: use:HMAC-SHA-1

function encrypted(data, key, iv) {
  CryptoJS.AES.encrypt(data, key, { mode: CryptoJS.mode.ECB }); // finds: use:AES ecb-mode
  CryptoJS.AES.encrypt(data, key, { iv }); // finds: use:AES unauthenticated-mode
  CryptoJS.TripleDES.encrypt(data, key, { mode: CryptoJS.mode.CTR, iv }); // finds: use:3DES weak-cipher unauthenticated-mode
  CryptoJS.AES.encrypt(data, CryptoJS.enc.Utf8.parse('0123456789abcdef'), { mode: CryptoJS.mode.ECB }); // finds: use:AES ecb-mode hardcoded-key
  CryptoJS.RC4.encrypt(data, key); // finds: use:RC4 weak-cipher
  CryptoJS.PBKDF2(key, iv, { keySize: 8 }); // finds: use:PBKDF2 low-kdf-iterations
  CryptoJS.lib.WordArray.random(16); // finds: use:CSPRNG
}

const phrase = (text) => CryptoJS.AES.encrypt(text, 'open sesame'); // finds: use:AES weak-kdf hardcoded-key unauthenticated-mode
const parsed = (text, key) => CryptoJS.AES.encrypt(text, CryptoJS.enc.Hex.parse(key)); // finds: use:AES unauthenticated-mode
