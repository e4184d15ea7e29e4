package example;

import javax.crypto.spec.SecretKeySpec;

class Tokens {
    String made() {
        return new SecretKeySpec("0123456789abcdef".getBytes(), "AES").toString(); // finds: use:AES hardcoded-key
    }
}
