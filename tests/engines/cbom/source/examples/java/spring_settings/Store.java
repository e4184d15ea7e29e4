package example;

import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import javax.crypto.Mac;
import javax.crypto.spec.PBEKeySpec;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.core.env.Environment;

class Store {
    private final StoreProperties properties;
    private final TokenProperties tokens;
    private final String sharedKey;

    @Value("${store.vault-key}")
    private String vaultKey;

    @Value("${store.sealed}")
    private String sealed;

    @Value("${store.checksum:MD5}")
    private String checksum;

    Store(StoreProperties properties, TokenProperties tokens, @Value("${store.token.secret}") String sharedKey) {
        this.properties = properties;
        this.tokens = tokens;
        this.sharedKey = sharedKey;
    }

    void all(char[] password, byte[] salt, Environment environment) throws Exception {
        KeyPairGenerator.getInstance("RSA").initialize(properties.rsaBits()); // finds: use:RSA weak-key-size
        new PBEKeySpec(password, salt, properties.iterations(), 256); // finds: use:PBKDF2
        MessageDigest.getInstance(properties.digest()); // finds: use:SHA-1 weak-hash
        MessageDigest.getInstance(checksum); // finds: use:MD5 weak-hash
        MessageDigest.getInstance(environment.getProperty("store.digest", "SHA-256")); // finds: use:SHA-1 weak-hash
        new SecretKeySpec(sharedKey.getBytes(), "HmacSHA256"); // finds: use:HMAC-SHA-256 hardcoded-key
        new SecretKeySpec(vaultKey.getBytes(), "HmacSHA256"); // finds: use:HMAC-SHA-256
        new SecretKeySpec(sealed.getBytes(), "HmacSHA256"); // finds: use:HMAC-SHA-256
        new SecretKeySpec(tokens.getToken().getSecret().getBytes(), "HmacSHA256"); // finds: use:HMAC-SHA-256 hardcoded-key
        Mac.getInstance(tokens.getToken().getAlgorithm()); // finds: use:HMAC-SHA-512
    }
}
