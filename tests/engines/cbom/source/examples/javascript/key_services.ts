import { CreateKeyCommand, EncryptCommand, GenerateDataKeyCommand, SignCommand, SigningAlgorithmSpec } from '@aws-sdk/client-kms';
import { buildClient } from '@aws-crypto/client-node';
import { CryptographyClient, KeyClient } from '@azure/keyvault-keys';
import { KeyManagementServiceClient } from '@google-cloud/kms';

new SignCommand({ KeyId: 'id', SigningAlgorithm: 'RSASSA_PSS_SHA_256', Message: message }); // finds: use:RSA
new SignCommand({ KeyId: 'id', SigningAlgorithm: SigningAlgorithmSpec.ECDSA_SHA_384, Message: message }); // finds: use:ECDSA
new EncryptCommand({ KeyId: 'id', EncryptionAlgorithm: 'RSAES_OAEP_SHA_256', Plaintext: message }); // finds: use:RSA
new EncryptCommand({ KeyId: 'id', Plaintext: message }); // finds: use:AES
new CreateKeyCommand({ KeySpec: 'RSA_2048', KeyUsage: 'SIGN_VERIFY' }); // finds: use:RSA
new GenerateDataKeyCommand({ KeyId: 'id', KeySpec: 'AES_128' }); // finds: use:AES
buildClient(); // finds: use:AES

const client = new CryptographyClient(key, credential);
client.encrypt('RSA1_5', message); // finds: use:RSA weak-padding
client.encrypt({ algorithm: 'RSA-OAEP-256', plaintext: message }); // finds: use:RSA
client.sign('ES256', digest); // finds: use:ECDSA

const keys = new KeyClient(url, credential);
keys.createRsaKey('name', { keySize: 1024 }); // finds: use:RSA weak-key-size
keys.createEcKey('name', { curve: 'P-384' }); // finds: use:EC

new KeyManagementServiceClient().encrypt({ name, plaintext: message }); // finds: use:AES
