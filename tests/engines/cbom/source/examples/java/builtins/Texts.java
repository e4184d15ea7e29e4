import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Stream;
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

    void derived(String given) throws Exception {
        byte[] fixed = MessageDigest.getInstance("SHA-256").digest("secret".getBytes()); // finds: use:SHA-256
        new SecretKeySpec(fixed, "AES"); // finds: use:AES hardcoded-key
        MessageDigest digest = MessageDigest.getInstance("SHA-256"); // finds: use:SHA-256
        digest.update("label".getBytes());
        digest.update(given.getBytes());
        new SecretKeySpec(digest.digest(), "AES"); // finds: use:AES
        new SecretKeySpec("k".repeat(16).getBytes(), "AES"); // finds: use:AES hardcoded-key
    }

    void collections(List<String> given) throws Exception {
        List<String> names = new CopyOnWriteArrayList<>();
        names.add("MD5");
        MessageDigest.getInstance(names.iterator().next()); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(Stream.of("MD5").findFirst().get()); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(given.iterator().next()); // finds: use:
        Map<String, String> map = new ConcurrentHashMap<>();
        map.put("old", "MD5");
        MessageDigest.getInstance(Objects.requireNonNullElse(map.get("old"), "SHA-256")); // finds: use:MD5 weak-hash
    }
}
