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

/** Methods with one name are told apart by the number of their arguments. */
class Overloaded {
    void digest() throws Exception {
        digest("SHA-224");
        digest("MD", 4);
    }

    void digest(String name) throws Exception {
        java.security.MessageDigest.getInstance(name); // finds: use:SHA-224
    }

    void digest(String name, int number) throws Exception {
        java.security.MessageDigest.getInstance(name + number); // finds: use:MD4 weak-hash
    }
}
