package example;

import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Arrays;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.Mac;
import javax.crypto.SecretKey;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/** Names and buffers that are known in part, and those whose use is told elsewhere. */
class Parts {
    enum Size {
        SHA256,
        MD5
    }

    void names(String rest, Size size) throws Exception {
        Signature.getInstance("SHA1with" + rest); // finds: use:SHA-1 weak-hash
        Signature.getInstance(String.format("%swith%s", "MD5", rest)); // finds: use:MD5 weak-hash
        Signature.getInstance(rest + "withRSA"); // finds: use:RSA
        Cipher.getInstance("AES/" + rest); // finds: use:AES
        Cipher.getInstance("%s/CTR/%s".formatted("AES", rest)); // finds: use:AES
        Mac.getInstance("Hmac" + size); // finds: use:HMAC
        Mac.getInstance("Hmac" + Size.MD5.name()); // finds: use:HMAC-MD5 weak-hash
        MessageDigest.getInstance("SHA-" + rest); // finds: use:
        Cipher.getInstance("DES" + rest); // finds: use:
        Cipher.getInstance(rest); // finds: use:
    }

    byte[] passwords(String password, byte[] salt, byte[] content) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256"); // finds: use:SHA-256
        digest.update(salt);
        digest.digest(content);
        return digest.digest(password.getBytes()); // finds: use:SHA-256 weak-kdf
    }

    void keys(java.security.KeyStore store, byte[] given, java.security.Key key) throws Exception {
        new PKCS8EncodedKeySpec(Base64.getDecoder().decode("MC4CAQAwBQYDK2VwBCIEIA==")); // finds: hardcoded-key
        new PKCS8EncodedKeySpec(given);
        store.setKeyEntry("name", key, "secret".toCharArray(), null);
        new SecretKeySpec(new java.math.BigInteger("00112233445566778899aabbccddeeff", 16).toByteArray(), "AES"); // finds: use:AES hardcoded-key
        byte[] token = new byte[16];
        new java.util.SplittableRandom().nextBytes(token); // finds: weak-random
    }

    void buffers(byte[] given) {
        byte[] key = new byte[16];
        System.arraycopy("secret".getBytes(), 0, key, 0, 6);
        new SecretKeySpec(key, "AES"); // finds: use:AES hardcoded-key
        byte[] own = new byte[16];
        System.arraycopy(given, 0, own, 0, 16);
        new SecretKeySpec(own, "AES"); // finds: use:AES
        byte[] iv = new byte[16];
        Arrays.fill(iv, (byte) 7);
        new IvParameterSpec(iv); // finds: static-iv
        new SecureRandom().nextBytes(iv); // finds: use:CSPRNG
        Arrays.fill(iv, 0, 4, (byte) 0);
        new IvParameterSpec(iv);
    }

    IvParameterSpec fixed() {
        return new IvParameterSpec(new byte[16]); // finds: static-iv
    }

    IvParameterSpec ofOldFiles() {
        return new IvParameterSpec(new byte[8]);
    }

    void vectors(SecretKey key, Cipher cipher) throws Exception {
        cipher.init(Cipher.DECRYPT_MODE, key, new IvParameterSpec(new byte[16]));
        cipher.init(Cipher.DECRYPT_MODE, key, ofOldFiles());
        cipher.init(Cipher.DECRYPT_MODE, key, fixed());
        cipher.init(Cipher.ENCRYPT_MODE, key, fixed());
    }
}
