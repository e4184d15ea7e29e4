package example;

import com.google.crypto.tink.KeyTemplates;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AeadKeyTemplates;
import com.google.crypto.tink.subtle.AesGcmJce;
import com.google.crypto.tink.subtle.Random;

class Keysets {
    void keysets() throws Exception {
        KeysetHandle.generateNew(KeyTemplates.get("AES256_GCM")); // finds: use:AES
        KeysetHandle.generateNew(AeadKeyTemplates.CHACHA20_POLY1305); // finds: use:ChaCha20-Poly1305
        new AesGcmJce("0123456789abcdef".getBytes()); // finds: use:AES hardcoded-key
        new AesGcmJce(Random.randBytes(32)); // finds: use:AES
    }
}
