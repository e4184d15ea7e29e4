// A text as key is a passphrase.
import CryptoJS from 'crypto-js';

CryptoJS.AES.encrypt('text', 'a passphrase'); // finds: use:AES use:EVP_BytesToKey hardcoded-key weak-kdf unauthenticated-mode
CryptoJS.AES.encrypt('text', CryptoJS.enc.Hex.parse(process.env.KEY), { iv }); // finds: use:AES unauthenticated-mode
