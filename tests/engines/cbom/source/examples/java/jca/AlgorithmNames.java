import java.security.MessageDigest;
import java.security.Signature;
import javax.crypto.Cipher;
import javax.crypto.KeyAgreement;
import javax.crypto.SecretKeyFactory;

/** Names of algorithms as providers take them. */
class AlgorithmNames {
    void wrap() throws Exception {
        Cipher.getInstance("AESWrap/ECB/NoPadding"); // finds: use:AES
        Cipher.getInstance("AESWrapPad"); // finds: use:AES
        Cipher.getInstance("AES/KWP/NoPadding"); // finds: use:AES
        Cipher.getInstance("AES/ECB/ISO7816-4Padding"); // finds: use:AES ecb-mode
    }

    void padded() throws Exception {
        Cipher.getInstance("AES/CBC/ISO7816-4Padding"); // finds: use:AES unauthenticated-mode
        Cipher.getInstance("AES/CBC/X9.23Padding"); // finds: use:AES unauthenticated-mode
        Cipher.getInstance("AES/CBC/ZeroBytePadding"); // finds: use:AES unauthenticated-mode
        Cipher.getInstance("AES/CBC/CS3Padding"); // finds: use:AES unauthenticated-mode
        Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
    }

    void signatures() throws Exception {
        Signature.getInstance("SHA256withRSAandMGF1"); // finds: use:RSA
        Signature.getInstance("SHA1withRSAandMGF1"); // finds: use:RSA weak-hash:SHA-1
        Signature.getInstance("SHA256withPLAIN-ECDSA"); // finds: use:ECDSA
        Signature.getInstance("SHA1withCVC-ECDSA"); // finds: use:ECDSA weak-hash:SHA-1
        Signature.getInstance("SHA256withECDSAinP1363Format"); // finds: use:ECDSA
        Signature.getInstance("SLH-DSA-SHA2-128S"); // finds: use:SLH-DSA
    }

    void derived() throws Exception {
        KeyAgreement.getInstance("ECDHwithSHA256KDF"); // finds: use:ECDH
        KeyAgreement.getInstance("ECCDHwithSHA384CKDF"); // finds: use:ECDH
        SecretKeyFactory.getInstance("PBEWithSHA256And128BitAES-CBC-BC"); // finds: use:PKCS12KDF use:AES
        SecretKeyFactory.getInstance("PBEWithMD5And256BitAES-CBC-OpenSSL"); // finds: use:EVP_BytesToKey use:AES weak-kdf
        SecretKeyFactory.getInstance("PBEWITHSHAAND3-KEYTRIPLEDES-CBC"); // finds: use:PBES1 use:3DES weak-kdf weak-cipher
    }

    void identifiers() throws Exception {
        MessageDigest.getInstance("1.3.14.3.2.26"); // finds: use:SHA-1 weak-hash
        MessageDigest.getInstance("2.16.840.1.101.3.4.2.1"); // finds: use:SHA-256
        Signature.getInstance("1.2.840.113549.1.1.4"); // finds: use:RSA weak-hash:MD5
        Signature.getInstance("1.2.840.10045.4.3.2"); // finds: use:ECDSA
        Cipher.getInstance("1.2.840.113549.3.7"); // finds: use:3DES weak-cipher unauthenticated-mode
        Cipher.getInstance("2.16.840.1.101.3.4.1.46"); // finds: use:AES
    }
}
