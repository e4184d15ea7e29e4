package example;

import com.nimbusds.jose.*;
import com.nimbusds.jose.crypto.*;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;

class Tokens {
    void tokens(byte[] key) throws Exception {
        new JWSHeader(JWSAlgorithm.RS256); // finds: use:RSA
        new JWSHeader.Builder(JWSAlgorithm.HS256); // finds: use:HMAC-SHA-256
        new JWEHeader(JWEAlgorithm.RSA1_5, EncryptionMethod.A128GCM); // finds: use:RSA use:AES weak-padding
        new JWEHeader(JWEAlgorithm.A256KW, EncryptionMethod.A256GCM); // finds: use:AES
        new MACSigner(key); // finds: use:HMAC
        new MACSigner("0123456789abcdef0123456789abcdef"); // finds: use:HMAC hardcoded-key
        new RSAKeyGenerator(1024); // finds: use:RSA weak-key-size
    }
}
