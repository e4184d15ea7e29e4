package policies;

import java.security.KeyPairGenerator;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;

class Sealer {
    private final Policy policy;

    Sealer(Policy policy) {
        this.policy = policy;
    }

    void seal(Limits limits) throws Exception {
        Cipher.getInstance(policy.transformation()); // finds: use:Blowfish weak-cipher unauthenticated-mode
        KeyGenerator generator = KeyGenerator.getInstance("AES"); // finds: use:AES
        generator.init(policy.keyBits()); // finds: use:AES weak-key-size
        KeyPairGenerator.getInstance("RSA").initialize(limits.rsaBits()); // finds: use:RSA weak-key-size
    }
}
