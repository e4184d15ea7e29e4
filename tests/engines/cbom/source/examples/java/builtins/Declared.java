import java.security.MessageDigest;
import javax.crypto.Cipher;

/** Classes that inherit from later ones, and enumerations whose constructors set fields without naming the object. */
class Declared extends Above {
    enum Digest {
        OLD("MD5"),
        NEW("SHA-256");

        final String label;

        Digest(String name) {
            label = name;
        }

        String label() {
            return label;
        }
    }

    static class Below extends Between {}

    static class Between extends Top {
        @Override
        String name() {
            return "AES/GCM/NoPadding";
        }
    }

    static class Side extends Top {}

    static class Top {
        String name() {
            return "DES";
        }
    }

    void own() throws Exception {
        MessageDigest.getInstance(Digest.OLD.label); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(Digest.OLD.label()); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(Digest.NEW.label()); // finds: use:SHA-256
        Cipher.getInstance(new Side().name()); // finds: use:DES weak-cipher ecb-mode
        Cipher.getInstance(new Below().name()); // finds: use:AES
        MessageDigest.getInstance(algorithm()); // finds: use:SHA-1 weak-hash
    }

    void tested(Object name, Object other) throws Exception {
        Object given = "MD5";
        if (given instanceof String text) {
            MessageDigest.getInstance(text); // finds: use:MD5 weak-hash
        }
        if (name instanceof String text && other != null) {
            MessageDigest.getInstance(text); // finds: use:
        }
    }
}

class Above {
    String algorithm() {
        return "SHA-1";
    }
}
