package example;

import com.nimbusds.jwt.SignedJWT;
import java.security.MessageDigest;
import java.util.Random;
import javax.crypto.spec.IvParameterSpec;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

class TokensCase {
    private static final String PASSWORD = "p" + new Random().nextInt(10);

    @Test
    void keys() throws Exception {
        new SecretKeySpec("0123456789abcdef".getBytes(), "AES"); // finds: use:AES
        new IvParameterSpec(new byte[16]);
        SignedJWT.parse(new Tokens().made()).getJWTClaimsSet();
        MessageDigest.getInstance("MD5"); // finds: use:MD5 weak-hash
    }
}
