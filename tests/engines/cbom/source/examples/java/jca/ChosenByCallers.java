package example;

import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.cert.CertPathValidator;
import java.security.spec.NamedParameterSpec;
import javax.crypto.Cipher;
import javax.crypto.SecretKeyFactory;
import javax.crypto.spec.DESedeKeySpec;
import javax.crypto.spec.SecretKeySpec;

class ChosenByCallers {
    void keys(String name, byte[] key) throws Exception {
        KeyFactory.getInstance(name); // finds: use:
        KeyPairGenerator.getInstance(name); // finds: use:
        SecretKeyFactory.getInstance(name); // finds: use:
        AlgorithmParameters.getInstance(name); // finds: use:
        new SecretKeySpec(key, name); // finds: use:
        new NamedParameterSpec(name); // finds: use:
        new SecretKeySpec(key, "RAW");
        KeyFactory.getInstance("of the program's own provider");
    }

    void others(byte[] key) throws Exception {
        CertPathValidator.getInstance("PKIX"); // finds: use:X.509
        new javax.crypto.spec.OAEPParameterSpec("SHA-256", "MGF1", null, null); // finds: use:RSA
        new java.security.spec.PSSParameterSpec("SHA-256", "MGF1", null, 32, 1); // finds: use:RSA
        new DESedeKeySpec(key); // finds: use:3DES weak-cipher
    }

    /* A method that offers modes wraps the library: its callers choose one, and authenticate what they encrypt. */

    Cipher offered(String mode) throws GeneralSecurityException {
        switch (mode) {
            case "ecb":
                return Cipher.getInstance("AES/ECB/NoPadding"); // finds: use:AES
            case "ctr":
                return Cipher.getInstance("AES/CTR/NoPadding"); // finds: use:AES
            default:
                return Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
        }
    }

    Cipher oneOfTwo(boolean simple) throws GeneralSecurityException {
        if (simple) {
            return Cipher.getInstance("AES/ECB/PKCS5Padding"); // finds: use:AES ecb-mode
        }
        return Cipher.getInstance("AES/CBC/PKCS5Padding"); // finds: use:AES unauthenticated-mode
    }
}
