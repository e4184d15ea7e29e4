import * as openpgp from 'openpgp';
import { encrypt as seal, readKey, sign } from 'openpgp/lightweight';

export async function send(text, armored, privateArmored, passphrase, type) {
  const key = await readKey({ armoredKey: armored }); // finds: use:
  const own = await openpgp.decryptKey({ // finds: use:AES
    privateKey: await openpgp.readPrivateKey({ armoredKey: privateArmored }), // finds: use:
    passphrase,
  });
  const signed = await sign({ message: await openpgp.createMessage({ text }), signingKeys: own }); // finds: use:
  const sealed = await seal({ message: await openpgp.createMessage({ text }), encryptionKeys: key }); // finds: use:AES
  await openpgp.generateKey({ userIDs: [], type }); // finds: use:
  await openpgp.generateKey({ userIDs: [] }); // finds: use:EdDSA
  await openpgp.generateKey({ userIDs: [], type: 'rsa', rsaBits: 1024 }); // finds: use:RSA weak-key-size
  return [signed, sealed];
}

export const checked = (message, keys) => openpgp.verify({ message, verificationKeys: keys }); // finds: use:
export const copied = (message) => message.verify({ keys: [] }); // finds:
