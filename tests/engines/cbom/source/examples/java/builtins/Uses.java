package example.names;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;
import javax.crypto.spec.SecretKeySpec;

class Uses {
    void names() throws Exception {
        MessageDigest.getInstance(Names.OLD); // finds: use:MD4 weak-hash
        MessageDigest.getInstance(Names.Inner.BLOCK); // finds: use:SHA-224
        MessageDigest.getInstance(Names.chosen("384")); // finds: use:SHA-384
        MessageDigest.getInstance(String.format("%s-%d", "SHA", 512)); // finds: use:SHA-512
        StringBuilder built = new StringBuilder();
        built.append("MD");
        built.append("5");
        MessageDigest.getInstance(built.toString()); // finds: use:MD5 weak-hash
        Map<String, String> map = new HashMap<>();
        map.put("old", "SHA-1");
        map.put("new", "SHA-256");
        MessageDigest.getInstance(map.get("new")); // finds: use:SHA-256
        if ("a".equals("b")) {
            MessageDigest.getInstance("MD5");
        }
    }

    void settings(java.util.Properties properties) throws Exception {
        MessageDigest.getInstance(properties.getProperty("digest.old")); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(properties.getProperty("digest.new", "MD5")); // finds: use:SHA-384
        MessageDigest.getInstance(properties.getProperty("digest.other", "SHA-1")); // finds: use:SHA-1 weak-hash
    }

    void bytes() {
        new SecretKeySpec(Base64.getDecoder().decode("MDEyMzQ1Njc4OWFiY2RlZg=="), "AES"); // finds: use:AES hardcoded-key
        new SecretKeySpec(HexFormat.of().parseHex("000102030405060708090a0b0c0d0e0f"), "AES"); // finds: use:AES hardcoded-key
        new SecretKeySpec("0123456789abcdef".getBytes(StandardCharsets.UTF_8), "AES"); // finds: use:AES hardcoded-key
        new SecretKeySpec(System.getenv("KEY").getBytes(), "AES"); // finds: use:AES
    }

    static String algorithm(int level) {
        return switch (level) {
            case 1 -> "SHA-256";
            default -> {
                yield "SHA-512";
            }
        };
    }

    void switched(int level) throws Exception {
        MessageDigest.getInstance(algorithm(1)); // finds: use:SHA-256
        MessageDigest digest;
        if ((digest = MessageDigest.getInstance("SHA-512/256")) != null) { // finds: use:SHA-512/256
            digest.digest();
        }
    }
}
