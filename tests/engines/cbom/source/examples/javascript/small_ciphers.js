import rc4 from 'arc4';
import sessions from 'client-sessions';
import cuid from 'cuid';
import { Blowfish } from 'egoroof-blowfish';
import { EncryptStorage } from 'encrypt-storage';
import fernet from 'fernet';
import { Blowfish as Older } from 'javascript-blowfish';
import { MongoClient } from 'mongodb';
import encrypt from 'mongoose-encryption';
import { fieldEncryption } from 'mongoose-field-encryption';
import { encryptTransform } from 'redux-persist-transform-encrypt';
import SecureLS from 'secure-ls';
import createEncryptor from 'simple-encryptor';
import { EncryptionTransformer } from 'typeorm-encrypted';

const KEY = process.env.KEY;

new Blowfish(KEY, Blowfish.MODE.ECB, Blowfish.PADDING.NULL); // finds: use:Blowfish weak-cipher ecb-mode
new Blowfish(KEY, Blowfish.MODE.CBC); // finds: use:Blowfish weak-cipher unauthenticated-mode
new Older('a fixed key'); // finds: use:Blowfish weak-cipher ecb-mode hardcoded-key
rc4('arc4', KEY); // finds: use:RC4 weak-cipher
createEncryptor('a fixed key of this program'); // finds: use:AES hardcoded-key
createEncryptor({ key: KEY }); // finds: use:AES
new fernet.Secret('cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4='); // finds: use:Fernet hardcoded-key
new fernet.Secret(KEY); // finds: use:Fernet
new SecureLS({ encodingType: 'des', encryptionSecret: 'a fixed key' }); // finds: use:DES weak-cipher hardcoded-key
new SecureLS({ encodingType: 'aes' }); // finds: use:AES
new SecureLS({ encodingType: 'base64' });
new EncryptStorage('a fixed key', {}); // finds: use:AES hardcoded-key
new EncryptStorage(KEY); // finds: use:AES
encryptTransform({ secretKey: 'a fixed key' }); // finds: use:AES hardcoded-key unauthenticated-mode
new EncryptionTransformer({ key: KEY, algorithm: 'aes-256-gcm' }); // finds: use:AES
new EncryptionTransformer({ key: 'e41c966f21f9e157', algorithm: 'aes-256-gcm', iv: 'ff5ac19190424b1d' }); // finds: use:AES hardcoded-key static-iv
schema.plugin(encrypt, { secret: 'a fixed secret' }); // finds: use:AES hardcoded-key
schema.plugin(encrypt, { encryptionKey: KEY, signingKey: KEY }); // finds: use:AES
schema.plugin(fieldEncryption, { fields: ['name'], secret: KEY }); // finds: use:AES unauthenticated-mode
schema.plugin(timestamps, { secret: 'no secret of a cipher' });
app.use(sessions({ cookieName: 'session', secret: 'a fixed secret' })); // finds: use:AES hardcoded-key
new MongoClient(url, { sslValidate: false }); // finds: disabled-certificate-check

const sessionToken = cuid(); // finds: use:PRNG weak-random
const row = cuid();
