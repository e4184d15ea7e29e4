package example;

import com.auth0.jwt.JWT;
import com.auth0.jwt.algorithms.Algorithm;

class Tokens {
    private static final String SECRET = "a secret of the program";

    void tokens(String secret, String token) {
        Algorithm.HMAC256(secret); // finds: use:HMAC-SHA-256
        Algorithm.HMAC512(SECRET); // finds: use:HMAC-SHA-512 hardcoded-key
        JWT.create().sign(Algorithm.none()); // finds: unverified-signature
        JWT.require(Algorithm.HMAC384(secret)).build().verify(token); // finds: use:HMAC-SHA-384
        Algorithm.RSA256(null, null); // finds: use:RSA
    }

    String user(String token) {
        return JWT.decode(token).getSubject(); // finds: unverified-signature
    }

    long age(String token) {
        return JWT.decode(token).getIssuedAt().getTime();
    }

    Object verified(String token, java.util.function.Function<String, Algorithm> keys) {
        String id = JWT.decode(token).getKeyId();
        return JWT.require(keys.apply(id)).build().verify(token);
    }
}
