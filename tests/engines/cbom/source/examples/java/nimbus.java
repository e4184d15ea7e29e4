package example;

import com.nimbusds.jose.*;
import com.nimbusds.jose.crypto.*;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWT;
import com.nimbusds.jwt.SignedJWT;

class Tokens {
    void tokens(byte[] key) throws Exception {
        new JWSHeader(JWSAlgorithm.RS256); // finds: use:RSA
        new JWSHeader.Builder(JWSAlgorithm.HS256); // finds: use:HMAC-SHA-256
        new JWEHeader(JWEAlgorithm.RSA1_5, EncryptionMethod.A128GCM); // finds: use:RSA use:AES weak-padding
        new JWEHeader(JWEAlgorithm.A256KW, EncryptionMethod.A256GCM); // finds: use:AES
        new MACSigner(key); // finds: use:HMAC
        new MACSigner("0123456789abcdef0123456789abcdef"); // finds: use:HMAC hardcoded-key
        new RSAKeyGenerator(1024); // finds: use:RSA weak-key-size
        new ECKeyGenerator(Curve.P_256); // finds: use:EC
        new JWEHeader(JWEAlgorithm.RSA_OAEP_256, EncryptionMethod.A128CBC_HS256); // finds: use:RSA use:AES
    }

    Object subject(String token) throws Exception {
        return SignedJWT.parse(token).getJWTClaimsSet(); // finds: unverified-signature
    }

    Object given(JWT token) throws Exception {
        return token.getJWTClaimsSet();
    }

    Object ignored(SignedJWT token, byte[] key) throws Exception {
        token.verify(new MACVerifier(key)); // finds: use:HMAC unverified-signature
        return token.getJWTClaimsSet();
    }

    Object verified(String text, byte[] key) throws Exception {
        SignedJWT token = SignedJWT.parse(text);
        if (!token.verify(new MACVerifier(key))) { // finds: use:HMAC
            return null;
        }
        return token.getJWTClaimsSet();
    }
}
