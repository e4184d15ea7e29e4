import java.math.BigInteger;
import java.security.SecureRandom;
import java.security.spec.DSAPrivateKeySpec;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import javax.crypto.spec.DHPrivateKeySpec;
import javax.security.auth.kerberos.KerberosKey;
import javax.security.auth.kerberos.KerberosPrincipal;

/** Keys given as numbers. */
class KeySpecs {
    private static final BigInteger NUMBER = new BigInteger("9f4d1c60b7a2e8355d", 16);

    void constant(BigInteger modulus, BigInteger e, BigInteger p, BigInteger g, ECParameterSpec curve) throws Exception {
        new RSAPrivateKeySpec(modulus, NUMBER); // finds: use:RSA hardcoded-key
        new RSAPrivateCrtKeySpec(modulus, e, NUMBER, p, p, p, p, p); // finds: use:RSA hardcoded-key
        new DSAPrivateKeySpec(NUMBER, p, p, g); // finds: use:DSA hardcoded-key
        new DHPrivateKeySpec(NUMBER, p, g); // finds: use:DH hardcoded-key
        new ECPrivateKeySpec(NUMBER, curve); // finds: use:EC hardcoded-key
    }

    void made(byte[] read, ECParameterSpec curve) {
        new ECPrivateKeySpec(new BigInteger(1, read), curve); // finds: use:EC
        new ECPrivateKeySpec(new BigInteger(1, new byte[] {1, 2, 3, 4}), curve); // finds: use:EC hardcoded-key
        new ECPrivateKeySpec(new BigInteger(256, new SecureRandom()), curve); // finds: use:EC use:CSPRNG
    }

    void given(BigInteger modulus, BigInteger exponent, BigInteger p, BigInteger g, ECParameterSpec curve) {
        new RSAPrivateKeySpec(modulus, exponent); // finds: use:RSA
        new RSAPrivateCrtKeySpec(modulus, NUMBER, exponent, p, p, p, p, p); // finds: use:RSA
        new RSAPublicKeySpec(modulus, NUMBER); // finds: use:RSA
        new DSAPrivateKeySpec(exponent, NUMBER, NUMBER, g); // finds: use:DSA
        new ECPrivateKeySpec(exponent, curve); // finds: use:EC
    }

    void kerberos(KerberosPrincipal principal, char[] password) {
        new KerberosKey(principal, "secret".toCharArray(), "DES"); // finds: hardcoded-key
        new KerberosKey(principal, new byte[] {1, 2, 3, 4, 5, 6, 7, 8}, 18, 0); // finds: hardcoded-key
        new KerberosKey(principal, password, "DES");
    }
}
