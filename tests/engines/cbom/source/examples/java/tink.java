package example;

import com.google.crypto.tink.KeyTemplates;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AeadKeyTemplates;
import com.google.crypto.tink.CleartextKeysetHandle;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.JsonKeysetReader;
import com.google.crypto.tink.TinkJsonProtoKeysetFormat;
import com.google.crypto.tink.signature.PredefinedSignatureParameters;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.subtle.Hkdf;
import com.google.crypto.tink.subtle.Random;

class Keysets {
    void keysets() throws Exception {
        KeysetHandle.generateNew(KeyTemplates.get("AES256_GCM")); // finds: use:AES
        KeysetHandle.generateNew(KeyTemplates.get("HMAC_SHA256_128BITTAG")); // finds: use:HMAC-SHA-256
        KeysetHandle.generateNew(KeyTemplates.get("AES128_CTR_HMAC_SHA256")); // finds: use:AES
        KeysetHandle.generateNew(AeadKeyTemplates.CHACHA20_POLY1305); // finds: use:ChaCha20-Poly1305
        new AesGcmJce("0123456789abcdef".getBytes()); // finds: use:AES hardcoded-key
        KeysetHandle.generateNew(PredefinedSignatureParameters.ECDSA_P256); // finds: use:ECDSA
        TinkJsonProtoKeysetFormat.parseKeyset("{\"primaryKeyId\":1}", InsecureSecretKeyAccess.get()); // finds: hardcoded-key
        CleartextKeysetHandle.read(JsonKeysetReader.withString("{}")); // finds: hardcoded-key
        Hkdf.computeHkdf("HMACSHA256", Random.randBytes(32), null, null, 32); // finds: use:HKDF
        new AesGcmJce(Random.randBytes(32)); // finds: use:AES
    }
}
