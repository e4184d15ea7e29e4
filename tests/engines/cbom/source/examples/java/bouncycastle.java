package example;

import java.math.BigInteger;
import java.security.SecureRandom;
import org.bouncycastle.crypto.digests.MD5Digest;
import org.bouncycastle.crypto.digests.SHA256Digest;
import org.bouncycastle.crypto.engines.AESEngine;
import org.bouncycastle.crypto.engines.DESEngine;
import org.bouncycastle.crypto.engines.RSAEngine;
import org.bouncycastle.crypto.encodings.PKCS1Encoding;
import org.bouncycastle.crypto.digests.SHA3Digest;
import org.bouncycastle.crypto.digests.SHAKEDigest;
import org.bouncycastle.crypto.engines.ChaCha7539Engine;
import org.bouncycastle.crypto.generators.BCrypt;
import org.bouncycastle.crypto.generators.OpenSSLPBEParametersGenerator;
import org.bouncycastle.crypto.generators.RSAKeyPairGenerator;
import org.bouncycastle.crypto.modes.ChaCha20Poly1305;
import org.bouncycastle.crypto.signers.Ed25519Signer;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.cms.CMSAlgorithm;
import org.bouncycastle.cms.jcajce.JcaSimpleSignerInfoGeneratorBuilder;
import org.bouncycastle.cms.jcajce.JceCMSContentEncryptorBuilder;
import org.bouncycastle.crypto.engines.ChaChaEngine;
import org.bouncycastle.crypto.generators.MLKEMKeyPairGenerator;
import org.bouncycastle.crypto.macs.Poly1305;
import org.bouncycastle.jce.ECNamedCurveTable;
import org.bouncycastle.openssl.jcajce.JcePEMEncryptorBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.pqc.crypto.lms.LMSSigner;
import org.bouncycastle.pqc.crypto.ntruprime.SNTRUPrimeKeyPairGenerator;
import org.bouncycastle.pqc.crypto.mldsa.MLDSASigner;
import org.bouncycastle.pqc.crypto.mlkem.MLKEMKeyGenerationParameters;
import org.bouncycastle.pqc.crypto.mlkem.MLKEMParameters;
import org.bouncycastle.crypto.generators.PKCS5S2ParametersGenerator;
import org.bouncycastle.crypto.BlockCipher;
import org.bouncycastle.crypto.modes.CBCBlockCipher;
import org.bouncycastle.crypto.modes.SICBlockCipher;
import org.bouncycastle.crypto.modes.GCMBlockCipher;
import org.bouncycastle.crypto.paddings.PaddedBufferedBlockCipher;
import org.bouncycastle.crypto.params.*;

class Lightweight {
    void ciphers(byte[] key, byte[] nonce) {
        new MD5Digest(); // finds: use:MD5 weak-hash
        new SHA256Digest(); // finds: use:SHA-256
        new CBCBlockCipher(new DESEngine()); // finds: use:DES weak-cipher unauthenticated-mode
        GCMBlockCipher.newInstance(AESEngine.newInstance()); // finds: use:AES
        new PaddedBufferedBlockCipher(new AESEngine()); // finds: use:AES ecb-mode
        new PaddedBufferedBlockCipher(new CBCBlockCipher(new AESEngine())); // finds: use:AES unauthenticated-mode
        new PKCS1Encoding(new RSAEngine()); // finds: use:RSA weak-padding
        new ParametersWithIV(new KeyParameter(key), nonce);
        new ParametersWithIV(new KeyParameter("0123456789abcdef".getBytes()), new byte[16]); // finds: hardcoded-key static-iv
        new RSAKeyGenerationParameters(BigInteger.valueOf(65537), new SecureRandom(), 1024, 80); // finds: use:RSA weak-key-size use:CSPRNG
    }

    void others(boolean old) {
        new SHA3Digest(384); // finds: use:SHA3-384
        new SHAKEDigest(); // finds: use:SHAKE128
        new ChaCha7539Engine(); // finds: use:ChaCha20
        new ChaCha20Poly1305(); // finds: use:ChaCha20-Poly1305
        new RSAKeyPairGenerator(); // finds: use:RSA
        new OpenSSLPBEParametersGenerator(); // finds: use:EVP_BytesToKey weak-kdf
        ECNamedCurveTable.getParameterSpec("secp160r1"); // finds: use:EC weak-key-size
        new MLKEMKeyGenerationParameters(random, MLKEMParameters.ml_kem_768); // finds: use:ML-KEM-768
        new MLDSASigner(); // finds: use:ML-DSA
    }

    void argon(byte[] salt) {
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id).withSalt(salt).withMemoryAsKB(1024).build(); // finds: use:Argon2id low-kdf-iterations
        new Argon2Parameters.Builder(Argon2Parameters.ARGON2_id).withMemoryAsKB(65536).withSalt(new byte[16]).build(); // finds: use:Argon2id static-salt
    }

    boolean verified(byte[] data, byte[] tag) {
        Ed25519Signer signer = new Ed25519Signer(); // finds: use:Ed25519
        signer.verifySignature(tag); // finds: unverified-signature
        return signer.verifySignature(tag);
    }

    void passwords(byte[] password, byte[] salt) {
        PKCS5S2ParametersGenerator generator = new PKCS5S2ParametersGenerator(new SHA256Digest()); // finds: use:PBKDF2 use:SHA-256
        generator.init(password, salt, 1000); // finds: low-kdf-iterations
        BCrypt.generate(password, salt, 4); // finds: use:bcrypt low-kdf-iterations
    }
}

class MoreOfBouncyCastle {
    void curves(byte[] seed, byte[] out, X25519PublicKeyParameters other) {
        new Ed25519PrivateKeyParameters(seed, 0); // finds: use:Ed25519
        X25519PrivateKeyParameters own = new X25519PrivateKeyParameters(seed, 0); // finds: use:X25519
        own.generateSecret(other, out, 0); // finds: use:X25519
    }

    void pems(String password, ContentSigner signer) throws Exception {
        new JcePEMEncryptorBuilder("DES-EDE3-CBC").build(password.toCharArray()); // finds: use:3DES weak-cipher
        new JcePEMEncryptorBuilder("AES-256-CBC").build(password.toCharArray()); // finds: use:AES
        new JcaX509v3CertificateBuilder(name, serial, from, to, name, key).build(signer); // finds: use:X.509
        new JceCMSContentEncryptorBuilder(CMSAlgorithm.AES256_GCM).build(); // finds: use:AES
        new JcaSimpleSignerInfoGeneratorBuilder().setProvider("BC").build("SHA1withRSA", key, certificate); // finds: use:RSA weak-hash
    }

    void keyOfAStream(byte[] key, byte[] nonce) {
        ChaChaEngine cipher = new ChaChaEngine(); // finds: use:ChaCha20
        cipher.init(true, new ParametersWithIV(new KeyParameter(key), nonce));
        byte[] first = new byte[64];
        cipher.processBytes(first, 0, first.length, first, 0);
        new Poly1305().init(new KeyParameter(first, 0, 32)); // finds: use:Poly1305
        new Poly1305().init(new KeyParameter(new byte[64], 0, 32)); // finds: use:Poly1305 hardcoded-key
    }

    void laterStandards() {
        new SNTRUPrimeKeyPairGenerator(); // finds: use:sntrup761
        new MLKEMKeyPairGenerator(); // finds: use:ML-KEM
        new LMSSigner(); // finds: use:LMS
    }
}

class Directions {
    void both(byte[] key) {
        BlockCipher cipher = new SICBlockCipher(new AESEngine()); // finds: use:AES unauthenticated-mode
        cipher.init(true, new ParametersWithIV(new KeyParameter(key), new byte[16])); // finds: static-iv
        cipher.init(false, new ParametersWithIV(new KeyParameter(key), new byte[16]));
    }
}
