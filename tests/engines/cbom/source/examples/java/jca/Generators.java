package example;

import java.security.SecureRandom;
import java.util.Random;

/* A parameter or field of the type Random may be a SecureRandom, which is below it, if the program says so. */
class Generators {
    private final Random random;
    private Random later;

    Generators() {
        this(new SecureRandom()); // finds: use:CSPRNG
    }

    Generators(Random random) {
        this.random = random;
    }

    void begin() {
        later = new Random();
    }

    byte[] salts() {
        byte[] salt = new byte[16];
        random.nextBytes(salt);
        return salt;
    }

    byte[] saltsOf(Random given) {
        byte[] salt = new byte[16];
        given.nextBytes(salt); // finds: weak-random
        return salt;
    }

    byte[] saltsLater() {
        byte[] salt = new byte[16];
        later.nextBytes(salt); // finds: weak-random
        return salt;
    }

    byte[] weakSalts() {
        return filled(new Random());
    }

    private static byte[] filled(Random generator) {
        byte[] salt = new byte[16];
        generator.nextBytes(salt); // finds: weak-random
        return salt;
    }
}
