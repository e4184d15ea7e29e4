package example;

import static java.security.MessageDigest.getInstance;

import java.math.BigInteger;
import java.security.AlgorithmParameterGenerator;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.RSAKeyGenParameterSpec;
import java.util.Random;
import javax.crypto.*;
import javax.crypto.spec.*;

/** MessageDigest.getInstance("MD5") in a comment is nothing. */
public class Ciphers {
    private static final String DIGEST = "MD" + 5;
    private final String transformation;
    private String mode = "CBC";

    Ciphers(String transformation) {
        this.transformation = transformation;
    }

    void digests(String given, boolean old) throws Exception {
        MessageDigest.getInstance(DIGEST); // finds: use:MD5 weak-hash
        MessageDigest.getInstance("SHA"); // finds: use:SHA-1 weak-hash
        MessageDigest.getInstance("SHA-256", "BC"); // finds: use:SHA-256
        getInstance("MD2"); // finds: use:MD2 weak-hash
        java.security.MessageDigest.getInstance("SHA3-512"); // finds: use:SHA3-512
        String name = old ? "MD5" : "SHA-384";
        MessageDigest.getInstance(name); // finds: use:MD5 use:SHA-384 weak-hash
        name = "sha-512";
        MessageDigest.getInstance(name.toUpperCase()); // finds: use:SHA-512
        MessageDigest.getInstance(given);
        String text = "MessageDigest.getInstance(\"MD5\")";
        System.out.println(text);
    }

    void ciphers() throws Exception {
        Cipher.getInstance("AES"); // finds: use:AES ecb-mode
        Cipher.getInstance("AES/ECB/PKCS5Padding"); // finds: use:AES ecb-mode
        Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
        Cipher.getInstance("AES/" + mode + "/PKCS5Padding"); // finds: use:AES unauthenticated-mode
        Cipher.getInstance("DES/CBC/PKCS5Padding"); // finds: use:DES weak-cipher unauthenticated-mode
        Cipher.getInstance("RC4"); // finds: use:RC4 weak-cipher
        Cipher.getInstance("RSA"); // finds: use:RSA weak-padding
        Cipher.getInstance("RSA/ECB/PKCS1Padding"); // finds: use:RSA weak-padding
        Cipher.getInstance("RSA/ECB/OAEPWithSHA-256AndMGF1Padding"); // finds: use:RSA
        Cipher.getInstance(transformation); // finds: use:Blowfish weak-cipher ecb-mode
        new NullCipher(); // finds: use:NULL weak-cipher
    }

    static void wrapped() throws Exception {
        new Ciphers("Blowfish/ECB/PKCS5Padding").ciphers();
        new Ciphers("ChaCha20-Poly1305");
    }

    void keys(byte[] given, char[] password, byte[] salt) throws Exception {
        new SecretKeySpec(given, "AES"); // finds: use:AES
        new SecretKeySpec("0123456789abcdef".getBytes(), "AES"); // finds: use:AES hardcoded-key
        new SecretKeySpec(new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 0, 8, "DES"); // finds: use:DES weak-cipher hardcoded-key
        KeyGenerator generator = KeyGenerator.getInstance("AES"); // finds: use:AES
        generator.init(128);
        generator.init(64); // finds: weak-key-size
        KeyPairGenerator pairs = KeyPairGenerator.getInstance("RSA"); // finds: use:RSA
        pairs.initialize(1024); // finds: weak-key-size
        pairs.initialize(3072);
        pairs.initialize(new RSAKeyGenParameterSpec(512, RSAKeyGenParameterSpec.F4)); // finds: use:RSA weak-key-size
        KeyPairGenerator curves = KeyPairGenerator.getInstance("EC"); // finds: use:EC
        curves.initialize(new ECGenParameterSpec("secp160r1")); // finds: use:EC weak-key-size
        curves.initialize(new ECGenParameterSpec("secp256r1")); // finds: use:EC
        AlgorithmParameterGenerator parameters = AlgorithmParameterGenerator.getInstance("DH"); // finds: use:DH
        parameters.init(512); // finds: weak-key-size
        KeyStore store = KeyStore.getInstance("PKCS12");
        store.load(null, password);
        store.load(null, "changeit".toCharArray()); // finds: hardcoded-key
        KeyAgreement.getInstance("ECDH"); // finds: use:ECDH
    }

    boolean verifies(PublicKey key, byte[] tag) throws Exception {
        Signature signature = Signature.getInstance("Ed25519"); // finds: use:Ed25519
        signature.verify(tag); // finds: unverified-signature
        return signature.verify(tag);
    }

    void sealEach(SecretKey key, byte[][] messages, byte[] given) throws Exception {
        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce); // finds: use:CSPRNG
        for (byte[] message : messages) {
            Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
            cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, nonce)); // finds: use:AES nonce-reuse
            cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, given)); // finds: use:AES
            byte[] own = new byte[12];
            new SecureRandom().nextBytes(own); // finds: use:CSPRNG
            cipher.init(Cipher.ENCRYPT_MODE, key, new GCMParameterSpec(128, own)); // finds: use:AES
        }
    }

    void passwords(char[] password, byte[] salt) throws Exception {
        SecretKeyFactory.getInstance("PBEWithHmacSHA256AndAES_256"); // finds: use:PBKDF2 use:AES
        SecretKeyFactory.getInstance("PBKDF2WithHmacSHA256"); // finds: use:PBKDF2
        SecretKeyFactory.getInstance("PBEWithMD5AndDES"); // finds: use:PBES1 weak-kdf use:DES weak-cipher
        new PBEKeySpec(password, salt, 600_000, 256); // finds: use:PBKDF2
        new PBEKeySpec(password, salt, 1000, 256); // finds: use:PBKDF2 low-kdf-iterations
        new PBEKeySpec("secret".toCharArray(), salt, 600_000, 256); // finds: use:PBKDF2 hardcoded-key
        new PBEKeySpec(password, "salt".getBytes(), 600_000, 256); // finds: use:PBKDF2 static-salt
        byte[] zeros = new byte[16];
        new PBEParameterSpec(zeros, 600_000); // finds: use:PBKDF2 static-salt
    }

    void nonces(java.io.InputStream in) throws Exception {
        byte[] iv = new byte[16];
        new IvParameterSpec(iv); // finds: static-iv
        new SecureRandom().nextBytes(iv); // finds: use:CSPRNG
        new IvParameterSpec(iv);
        new GCMParameterSpec(128, "twelve bytes".getBytes()); // finds: use:AES static-iv
        byte[] read = new byte[16];
        in.read(read);
        new IvParameterSpec(read);
        byte[] weak = new byte[16];
        new Random().nextBytes(weak); // finds: weak-random
        new IvParameterSpec(weak);
        byte[] replaced = "0123456789abcdef".getBytes();
        new SecureRandom().nextBytes(replaced); // finds: use:CSPRNG
        new IvParameterSpec(replaced);
    }

    void seeds(byte[] given) {
        SecureRandom random = new SecureRandom(); // finds: use:CSPRNG
        random.setSeed(given);
        random.setSeed(42); // finds: static-seed
        new SecureRandom(new byte[] {1, 2, 3}); // finds: static-seed use:CSPRNG
    }

    void secrets() {
        Random random = new Random();
        int dice = random.nextInt(6);
        String token = Integer.toString(random.nextInt()); // finds: weak-random
        String sessionId = new BigInteger(130, new SecureRandom()).toString(); // finds: use:CSPRNG
        double jitter = Math.random();
        addCookie("remember-me token", String.valueOf(Math.random())); // finds: weak-random
    }

    int pin() {
        return new Random().nextInt(10_000); // finds: weak-random
    }

    String newPassword() {
        return Long.toString(new Random().nextLong()); // finds: weak-random
    }

    static void addCookie(String name, String value) {}
}

class Unreached {
    static void pruned() throws Exception {
        String name;
        if (7 * 18 > 200) {
            name = "MD5";
        } else {
            name = "SHA-256";
        }
        MessageDigest.getInstance(name); // finds: use:SHA-256
        switch ("b") {
            case "a":
                name = "MD2";
                break;
            case "b":
                name = "SHA-384";
                break;
            default:
                name = "MD4";
        }
        MessageDigest.getInstance(name); // finds: use:SHA-384
    }
}

class Own {
    static class Look {
        static class MessageDigest {
            static MessageDigest getInstance(String name) {
                return null;
            }
        }

        void digest() {
            MessageDigest.getInstance("MD5");
        }
    }

    enum Digest {
        OLD("SHA-1"),
        NEW("SHA-256");

        final String name;

        Digest(String name) {
            this.name = name;
        }
    }

    void enums() throws Exception {
        MessageDigest.getInstance(Digest.OLD.name); // finds: use:SHA-1 weak-hash
        MessageDigest.getInstance(Digest.NEW.name); // finds: use:SHA-256
    }
}
