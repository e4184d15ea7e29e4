package example;

import io.jsonwebtoken.Jwts;
import io.jsonwebtoken.SignatureAlgorithm;
import io.jsonwebtoken.security.Keys;

class Tokens {
    void tokens(byte[] key, String token) {
        Jwts.builder().setSubject("a").signWith(SignatureAlgorithm.HS256, key).compact(); // finds: use:HMAC-SHA-256
        Jwts.builder().signWith(SignatureAlgorithm.HS512, "secret".getBytes()); // finds: use:HMAC-SHA-512 hardcoded-key weak-key-size
        Jwts.builder().subject("a").signWith(Keys.hmacShaKeyFor(key), Jwts.SIG.HS384); // finds: use:HMAC-SHA-384 use:HMAC
        Keys.hmacShaKeyFor("0123456789abcdef0123456789abcdef".getBytes()); // finds: use:HMAC hardcoded-key
        Jwts.parserBuilder().setSigningKey(key).build().parseClaimsJws(token);
        Jwts.parser().parseClaimsJwt(token); // finds: unverified-signature
        Jwts.parser().setSigningKey(key).parse(token); // finds: unverified-signature
    }
}
