package example;

import java.security.MessageDigest;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;
import javax.crypto.Cipher;

abstract class Inherited {
    protected abstract String algorithm();

    protected String mode() {
        return "/ECB/PKCS5Padding";
    }

    Cipher cipher() throws Exception {
        return Cipher.getInstance(algorithm() + mode()); // finds: use:AES ecb-mode
    }
}

class Blocks extends Inherited {
    protected String algorithm() {
        return "AES";
    }
}

enum Named {
    OLD("MD5"), NEW("SHA-256");

    private final String digest;

    Named(String digest) {
        this.digest = digest;
    }

    String digest() {
        return digest;
    }

    static MessageDigest old() throws Exception {
        return MessageDigest.getInstance(OLD.digest()); // finds: use:MD5 weak-hash
    }
}

record Settings(String digest, int size) {
    static final Settings DEFAULT = new Settings("SHA-1", 20);

    static MessageDigest made() throws Exception {
        return MessageDigest.getInstance(DEFAULT.digest()); // finds: use:SHA-1 weak-hash
    }
}

class Chosen {
    private static final Map<String, String> NAMES = Map.ofEntries(Map.entry("a", "MD5"), Map.entry("b", "SHA-256"));
    private static final Properties OWN = new Properties();

    static {
        OWN.setProperty("digest", "SHA-1");
    }

    void given(String wanted, int level) throws Exception {
        String name = Optional.ofNullable(wanted).orElse("MD5");
        MessageDigest.getInstance(name); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(Optional.of("SHA-256").orElse("MD5")); // finds: use:SHA-256
        MessageDigest.getInstance(NAMES.get("a")); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(NAMES.get("b")); // finds: use:SHA-256
        MessageDigest.getInstance(OWN.getProperty("digest")); // finds: use:SHA-1 weak-hash
        String chosen = switch (level) {
            case 0:
                yield "MD5";
            default:
                yield "SHA-256";
        };
        MessageDigest.getInstance(chosen); // finds: use:MD5 use:SHA-256 weak-hash
        StringBuilder built = new StringBuilder("SHA");
        built.append("-").append(512);
        MessageDigest.getInstance(built.toString()); // finds: use:SHA-512
        Stream.of("SHA-1", "SHA-384").map(Chosen::make).forEach(each -> each.reset());
    }

    static MessageDigest make(String name) {
        try {
            return MessageDigest.getInstance(name); // finds: use:SHA-1 use:SHA-384 weak-hash
        } catch (Exception error) {
            return null;
        }
    }
}
