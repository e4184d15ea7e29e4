package example;

import org.bouncycastle.bcpg.HashAlgorithmTags;
import org.bouncycastle.openpgp.PGPEncryptedData;
import org.bouncycastle.openpgp.PGPPublicKey;
import org.bouncycastle.openpgp.operator.PBESecretKeyDecryptor;
import org.bouncycastle.openpgp.operator.PGPDigestCalculator;
import org.bouncycastle.openpgp.operator.bc.BcPGPDataEncryptorBuilder;
import org.bouncycastle.openpgp.operator.jcajce.*;

class Messages {
    void messages(PGPPublicKey key, char[] password, int hash) throws Exception {
        new BcPGPDataEncryptorBuilder(PGPEncryptedData.AES_256); // finds: use:AES
        new JcePGPDataEncryptorBuilder(PGPEncryptedData.CAST5); // finds: use:CAST5 weak-cipher
        new JcePublicKeyKeyEncryptionMethodGenerator(key); // finds: use:
        new JcePBEKeyEncryptionMethodGenerator("secret".toCharArray()); // finds: use: hardcoded-key
        new JcaPGPContentSignerBuilder(PGPPublicKey.RSA_GENERAL, HashAlgorithmTags.SHA256); // finds: use:RSA
        new JcaPGPContentSignerBuilder(key.getAlgorithm(), HashAlgorithmTags.SHA512); // finds: use:
        new JcaPGPDigestCalculatorProviderBuilder().build().get(HashAlgorithmTags.SHA1); // finds: use:SHA-1 weak-hash
        new JcaPGPDigestCalculatorProviderBuilder().build().get(hash); // finds: use:
        new JcePBESecretKeyDecryptorBuilder().setProvider("BC").build(password); // finds: use:
    }
}
