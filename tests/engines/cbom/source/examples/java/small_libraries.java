package example;

import com.password4j.Password;
import java.security.Key;
import java.security.KeyPair;
import net.i2p.crypto.eddsa.EdDSAEngine;
import net.i2p.crypto.eddsa.KeyPairGenerator;
import net.i2p.crypto.eddsa.spec.EdDSAPrivateKeySpec;
import okio.ByteString;
import org.apache.shiro.authc.credential.HashedCredentialsMatcher;
import org.apache.shiro.codec.Base64;
import org.apache.shiro.crypto.hash.Md5Hash;
import org.apache.shiro.crypto.hash.SimpleHash;
import org.apache.shiro.web.mgt.CookieRememberMeManager;
import org.bitcoinj.core.ECKey;
import org.bitcoinj.core.Sha256Hash;
import org.jose4j.jwe.ContentEncryptionAlgorithmIdentifiers;
import org.jose4j.jwe.JsonWebEncryption;
import org.jose4j.jwe.KeyManagementAlgorithmIdentifiers;
import org.jose4j.jwk.RsaJwkGenerator;
import org.jose4j.jws.AlgorithmIdentifiers;
import org.jose4j.jws.JsonWebSignature;
import org.jose4j.jwt.consumer.JwtConsumerBuilder;
import org.jose4j.keys.HmacKey;
import org.web3j.crypto.ECKeyPair;
import org.web3j.crypto.Hash;
import org.whispersystems.curve25519.Curve25519;

class Small {
    void tokens(Key key) throws Exception {
        JsonWebSignature signature = new JsonWebSignature();
        signature.setAlgorithmHeaderValue(AlgorithmIdentifiers.RSA_USING_SHA256); // finds: use:RSA
        signature.setAlgorithmHeaderValue(AlgorithmIdentifiers.HMAC_SHA512); // finds: use:HMAC-SHA-512
        JsonWebEncryption encryption = new JsonWebEncryption();
        encryption.setAlgorithmHeaderValue(KeyManagementAlgorithmIdentifiers.RSA1_5); // finds: use:RSA weak-padding
        encryption.setEncryptionMethodHeaderParameter(ContentEncryptionAlgorithmIdentifiers.AES_128_GCM); // finds: use:AES
        RsaJwkGenerator.generateJwk(1024); // finds: use:RSA weak-key-size
        new HmacKey("a secret of the shop".getBytes()); // finds: hardcoded-key
    }

    void checked(Key key) {
        new JwtConsumerBuilder().setRequireExpirationTime().setVerificationKey(key).build();
    }

    void firstUnchecked(Key key) {
        new JwtConsumerBuilder().setSkipAllValidators().setSkipSignatureVerification().build();
        new JwtConsumerBuilder().setVerificationKey(key).build();
    }

    void passwords(String password, String salt) {
        new Md5Hash(password, salt, 2).toHex(); // finds: use:MD5 weak-hash weak-kdf
        new SimpleHash("SHA-256", salt); // finds: use:SHA-256
        new HashedCredentialsMatcher("SHA-1"); // finds: use:SHA-1 weak-hash
        Password.hash(password).addRandomSalt().withArgon2(); // finds: use:Argon2
    }

    void cookies() {
        CookieRememberMeManager manager = new CookieRememberMeManager();
        manager.setCipherKey(Base64.decode("4AvVhmFLUs0KTA3Kprsdag==")); // finds: use:AES hardcoded-key
    }

    void curves(byte[] seed, byte[] message) throws Exception {
        KeyPair pair = new KeyPairGenerator().generateKeyPair(); // finds: use:Ed25519
        new EdDSAPrivateKeySpec(seed, null); // finds: use:Ed25519
        new EdDSAEngine(); // finds: use:Ed25519
        Curve25519 curve = Curve25519.getInstance("best"); // finds: use:X25519
        curve.verifySignature(seed, message, message); // finds: use:XEdDSA
        new ECKey().sign(Sha256Hash.of(message)); // finds: use:ECDSA use:SHA-256
        ECKeyPair.create(seed); // finds: use:ECDSA
        Hash.sha3(message); // finds: use:Keccak
    }

    String etag(String page, ByteString key) {
        return ByteString.encodeUtf8(page).md5().hex(); // finds: use:MD5 weak-hash
    }
}

class Unchecked {
    void read() {
        new JwtConsumerBuilder().setSkipSignatureVerification().build(); // finds: unverified-signature
    }
}

class KeysOfShells {
    void make(com.jcraft.jsch.JSch shell, String password) throws Exception {
        com.jcraft.jsch.KeyPair.genKeyPair(shell, com.jcraft.jsch.KeyPair.RSA, 1024); // finds: use:RSA weak-key-size
        org.apache.sshd.common.util.security.SecurityUtils.getKeyPairGenerator("EC").initialize(256); // finds: use:EC
        io.quarkus.elytron.security.common.BcryptUtil.bcryptHash(password, 4); // finds: use:bcrypt low-kdf-iterations
        io.quarkus.elytron.security.common.BcryptUtil.matches(password, "stored"); // finds: use:bcrypt
    }
}

class Cluster {
    void encrypted(String given) {
        com.hazelcast.config.SymmetricEncryptionConfig config = new com.hazelcast.config.SymmetricEncryptionConfig();
        config.setAlgorithm("DESede"); // finds: use:3DES weak-cipher
        config.setSalt("salty"); // finds: use:PBES1 static-salt weak-kdf
        config.setPassword("lame"); // finds: use:PBES1 hardcoded-key weak-kdf
        config.setPassword(given); // finds: use:PBES1 weak-kdf
        config.setIterationCount(19); // finds: use:PBES1 low-kdf-iterations weak-kdf
    }

    void more(com.jcraft.jsch.Session session, String given) {
        session.setConfig("cipher.c2s", "3des-cbc,aes256-ctr"); // finds: use:3DES use:AES weak-cipher
        session.setConfig("cipher.s2c", "aes256-ctr"); // finds: use:AES
        cn.dev33.satoken.secure.SaSecureUtil.md5(given); // finds: use:MD5 weak-hash
        cn.dev33.satoken.secure.SaSecureUtil.sha256(given); // finds: use:SHA-256
        cn.dev33.satoken.secure.SaSecureUtil.aesEncrypt("secret", given); // finds: use:AES ecb-mode hardcoded-key
        io.smallrye.jwt.build.Jwt.claims().subject("a").signWithSecret("secret"); // finds: use:HMAC-SHA-256 hardcoded-key
        io.smallrye.jwt.build.Jwt.claims().subject("a").signWithSecret(given); // finds: use:HMAC-SHA-256
    }
}
