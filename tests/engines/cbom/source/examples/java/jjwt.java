package example;

import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.SignatureAlgorithm;
import io.jsonwebtoken.security.Keys;

class Tokens {
    void tokens(byte[] key, String token) {
        Jwts.builder().setSubject("a").signWith(SignatureAlgorithm.HS256, key).compact(); // finds: use:HMAC-SHA-256
        Jwts.builder().signWith(SignatureAlgorithm.HS512, "secret".getBytes()); // finds: use:HMAC-SHA-512 hardcoded-key
        Jwts.builder().subject("a").signWith(Keys.hmacShaKeyFor(key), Jwts.SIG.HS384); // finds: use:HMAC-SHA-384 use:HMAC
        Keys.hmacShaKeyFor("0123456789abcdef0123456789abcdef".getBytes()); // finds: use:HMAC hardcoded-key
        Jwts.builder().signWith(Keys.hmacShaKeyFor("0123456789abcdef0123456789abcdef".getBytes())); // finds: use:HMAC hardcoded-key
        javax.crypto.SecretKey made = Keys.hmacShaKeyFor("0123456789abcdef0123456789abcdef".getBytes()); // finds: use:HMAC hardcoded-key
        Jwts.parser().verifyWith(made).build().parseSignedClaims(token);
        Jwts.SIG.HS512.key().build(); // finds: use:HMAC-SHA-512
        Jwts.builder().encryptWith(made, Jwts.KEY.RSA1_5, Jwts.ENC.A128GCM); // finds: use:RSA weak-padding
        Jwts.parserBuilder().setSigningKey(key).build().parseClaimsJws(token);
        Jwts.parser().parseClaimsJwt(token); // finds: unverified-signature
        Jwts.parser().setSigningKey(key).parse(token); // finds: unverified-signature
    }

    String unsigned(String name) {
        return Jwts.builder().setSubject(name).compact(); // finds: use:JSON_Web_Signature unverified-signature
    }

    String signedLater(String name, java.security.Key key) {
        var builder = Jwts.builder().setSubject(name);
        builder.setId("1").signWith(key);
        return builder.compact();
    }

    String given(io.jsonwebtoken.JwtBuilder builder) {
        return builder.setId("1").compact();
    }
}
