import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Cipher;
import javax.crypto.spec.SecretKeySpec;

/** Texts and numbers that are made of constants. */
class Texts {
    void texts(char[] letters, byte[] bytes) throws Exception {
        Cipher.getInstance(String.valueOf(new char[] {'D', 'E', 'S'})); // finds: use:DES weak-cipher ecb-mode
        Cipher.getInstance(new String(new byte[] {68, 69, 83})); // finds: use:DES weak-cipher ecb-mode
        Cipher.getInstance(new String(Base64.getDecoder().decode("REVT"))); // finds: use:DES weak-cipher ecb-mode
        MessageDigest.getInstance("SHA-256".replaceAll("256", "1")); // finds: use:SHA-1 weak-hash
        MessageDigest.getInstance("SHA-256".replaceAll("2.*", "1")); // finds: use:
        MessageDigest.getInstance(new String(letters)); // finds: use:
        new SecretKeySpec(new String(bytes).getBytes(), "AES"); // finds: use:AES
        new SecretKeySpec(new String(new char[] {'k', 'e', 'y'}).getBytes(), "AES"); // finds: use:AES hardcoded-key
    }

    void numbers(int asked) throws Exception {
        KeyPairGenerator small = KeyPairGenerator.getInstance("RSA"); // finds: use:RSA
        small.initialize(Math.min(1024, 2048)); // finds: use:RSA weak-key-size
        KeyPairGenerator large = KeyPairGenerator.getInstance("RSA"); // finds: use:RSA
        large.initialize(Math.max(1024, 3072));
        KeyPairGenerator given = KeyPairGenerator.getInstance("RSA"); // finds: use:RSA
        given.initialize(Math.min(1024, asked));
    }
}
