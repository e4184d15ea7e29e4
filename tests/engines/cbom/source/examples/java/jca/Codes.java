package example;

import java.security.Signature;
import javax.crypto.Cipher;
import javax.crypto.Mac;

class Codes {
    void codesAndSignatures() throws Exception {
        Mac.getInstance("HmacSHA256"); // finds: use:HMAC-SHA-256
        Mac.getInstance("HmacMD5"); // finds: use:HMAC-MD5 weak-hash
        Signature.getInstance("SHA1withRSA"); // finds: use:RSA weak-hash
        Signature.getInstance("SHA256withECDSA"); // finds: use:ECDSA
    }

    void encryptThenAuthenticate() throws Exception {
        Cipher.getInstance("AES/CBC/PKCS5Padding"); // finds: use:AES
    }
}
