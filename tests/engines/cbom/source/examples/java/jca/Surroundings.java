package example;

import java.io.InputStream;
import java.security.KeyFactory;
import java.security.KeyPairGenerator;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.security.SecureRandom;
import java.util.Date;
import java.util.Random;
import javax.crypto.Cipher;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.bouncycastle.crypto.generators.SCrypt;

interface PacketCipher {
    void init(int mode, byte[] key, byte[] iv) throws Exception;
}

/** A part of a protocol, which has its codes elsewhere. */
class CounterMode implements PacketCipher {
    private Cipher cipher;

    public void init(int mode, byte[] key, byte[] iv) throws Exception {
        cipher = Cipher.getInstance("AES/CTR/NoPadding"); // finds: use:AES
        cipher.init(mode, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv)); // finds: use:AES
    }
}

class Messages {
    byte[] sealed(byte[] text, byte[] key, byte[] iv) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding"); // finds: use:AES unauthenticated-mode
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv)); // finds: use:AES
        return cipher.doFinal(text);
    }
}

class Work {
    long measureScrypt(int cost) {
        long start = System.nanoTime();
        SCrypt.generate(new byte[16], new byte[32], cost, 8, 1, 32); // finds: use:scrypt
        return System.nanoTime() - start;
    }

    byte[] derived(byte[] password) {
        return SCrypt.generate(password, new byte[32], 1024, 8, 1, 32); // finds: use:scrypt static-salt low-kdf-iterations
    }
}

class OwnBcrypt {
    byte[] started(byte[] password) throws Exception {
        return MessageDigest.getInstance("SHA-512").digest(password); // finds: use:SHA-512
    }
}

class Login {
    byte[] hashed(byte[] password) throws Exception {
        return MessageDigest.getInstance("SHA-512").digest(password); // finds: use:SHA-512 weak-kdf
    }
}

class Stores {
    void load(KeyStore trustStore, KeyStore keyStore, InputStream stream) throws Exception {
        trustStore.load(stream, "changeit".toCharArray());
        keyStore.load(stream, "changeit".toCharArray()); // finds: hardcoded-key
    }
}

class Requests {
    private final int nonce = new Random().nextInt();

    void send(Random random) {
        int nonce = random.nextInt();
        int pin = random.nextInt(); // finds: weak-random use:PRNG
        long longNonce = random.nextLong(); // finds: weak-random use:PRNG
    }
}

enum Kind {
    RSA_3072("RSA", 3072),
    P256("EC", 256);

    final String name;
    final int size;

    Kind(String name, int size) {
        this.name = name;
        this.size = size;
    }
}

class Pairs {
    void make(Kind kind) throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance(kind.name); // finds: use:RSA use:EC
        generator.initialize(kind.size);
    }
}

class Seeds {
    void ofTheTime(byte[] entropy) throws Exception {
        SecureRandom generator = SecureRandom.getInstance("SHA1PRNG"); // finds: use:CSPRNG
        generator.setSeed(System.currentTimeMillis()); // finds: static-seed
        long seed = System.nanoTime() ^ 17;
        new SecureRandom(Long.toString(seed).getBytes()); // finds: use:CSPRNG static-seed
        new SecureRandom(ByteBuffer.allocate(8).putLong(new Date().getTime()).array()); // finds: use:CSPRNG static-seed
        generator.setSeed(entropy);
        byte[] nonce = ByteBuffer.allocate(16).putLong(System.currentTimeMillis()).array();
        new IvParameterSpec(nonce);
        new IvParameterSpec(ByteBuffer.allocate(16).array()); // finds: static-iv
        ByteBuffer given = ByteBuffer.allocate(16).order(ByteOrder.BIG_ENDIAN);
        given.put(entropy).flip();
        new IvParameterSpec(given.array());
        ByteBuffer received = ByteBuffer.allocate(16);
        channel.read(received);
        new IvParameterSpec(received.array());
    }

    void forSecrets() {
        Random random = new Random(System.nanoTime());
        int pin = random.nextInt(10000); // finds: weak-random use:PRNG
        int die = random.nextInt(6);
    }
}

class KeyFile {
    byte[] sealed(byte[] text, byte[] key, byte[] iv) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding"); // finds: use:AES
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv)); // finds: use:AES
        return cipher.doFinal(text);
    }

    byte[] generateMac(byte[] key, byte[] sealed) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("OWN-KECCAK-256"); // finds: use:
        digest.update(key);
        return digest.digest(sealed);
    }
}

class Interfaces {
    byte[] getMac() {
        return null;
    }

    byte[] sealed(byte[] text, byte[] key, byte[] iv) throws Exception {
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding"); // finds: use:AES unauthenticated-mode
        cipher.init(Cipher.ENCRYPT_MODE, new SecretKeySpec(key, "AES"), new IvParameterSpec(iv)); // finds: use:AES
        return cipher.doFinal(text);
    }
}

/** Its holder is initialized late, with a constant of the class around it. */
class Factories {
    static final String ALGORITHM = "EC";

    private static class Holder {
        private static final KeyFactory INSTANCE;

        static {
            INSTANCE = KeyFactory.getInstance(ALGORITHM); // finds: use:EC
        }
    }

    void same() throws Exception {
        KeyFactory factory = KeyFactory.getInstance("RSA"); // finds: use:RSA
        Cipher.getInstance(factory.getAlgorithm()); // finds: use:RSA weak-padding
    }
}

class Generators {
    static class Own extends SecureRandom {}

    void make() {
        new SecureRandom() { // finds: use:CSPRNG
            @Override
            public String getAlgorithm() {
                return "own";
            }
        };
        new Own(); // finds: use:CSPRNG
    }
}
