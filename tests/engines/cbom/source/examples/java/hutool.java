package example;

import cn.hutool.core.util.IdUtil;
import cn.hutool.core.util.RandomUtil;
import cn.hutool.crypto.Mode;
import cn.hutool.crypto.Padding;
import cn.hutool.crypto.SecureUtil;
import cn.hutool.crypto.SmUtil;
import cn.hutool.crypto.asymmetric.KeyType;
import cn.hutool.crypto.asymmetric.RSA;
import cn.hutool.crypto.asymmetric.Sign;
import cn.hutool.crypto.asymmetric.SignAlgorithm;
import cn.hutool.crypto.digest.BCrypt;
import cn.hutool.crypto.digest.DigestAlgorithm;
import cn.hutool.crypto.digest.DigestUtil;
import cn.hutool.crypto.digest.Digester;
import cn.hutool.crypto.digest.HMac;
import cn.hutool.crypto.digest.HmacAlgorithm;
import cn.hutool.crypto.symmetric.AES;
import cn.hutool.crypto.symmetric.SymmetricAlgorithm;
import cn.hutool.crypto.symmetric.SymmetricCrypto;
import cn.hutool.jwt.JWT;
import cn.hutool.jwt.JWTUtil;
import cn.hutool.jwt.signers.JWTSignerUtil;
import java.util.Map;

class Wrapped {
    String digests(String name, String password, byte[] key) {
        SecureUtil.md5(name); // finds: use:MD5 weak-hash
        DigestUtil.sha256Hex(name); // finds: use:SHA-256
        new Digester(DigestAlgorithm.SHA512).digestHex(name); // finds: use:SHA-512
        SmUtil.sm3(name); // finds: use:SM3
        new HMac(HmacAlgorithm.HmacSHA256, key).digestHex(name); // finds: use:HMAC-SHA-256
        BCrypt.hashpw(password, BCrypt.gensalt(4)); // finds: use:bcrypt low-kdf-iterations
        return DigestUtil.sha256Hex(password); // finds: use:SHA-256 weak-kdf
    }

    void tokens(Map<String, Object> claims, byte[] key) {
        JWTUtil.createToken(claims, "secret of the shop".getBytes()); // finds: use:HMAC-SHA-256 hardcoded-key
        JWTUtil.createToken(claims, JWTSignerUtil.hs512(key)); // finds: use:HMAC-SHA-512
        JWT.create().addPayloads(claims).setKey(key).sign(); // finds: use:HMAC-SHA-256
        String token = RandomUtil.randomString(32); // finds: weak-random use:PRNG
        int delay = RandomUtil.randomInt(10);
    }
}

class Encrypted {
    private static final String KEY = "0123456789abcdef";

    void ciphers(byte[] key, byte[] nonce, String text) {
        SecureUtil.aes(key).encryptHex(text); // finds: use:AES ecb-mode
        SecureUtil.aes(KEY.getBytes()); // finds: use:AES ecb-mode hardcoded-key
        new AES(Mode.CBC, Padding.PKCS5Padding, key, nonce); // finds: use:AES unauthenticated-mode
        new AES("GCM", "NoPadding", key, nonce); // finds: use:AES
        new AES(Mode.GCM, Padding.NoPadding, key, "0123456789ab".getBytes()); // finds: use:AES static-iv
        new SymmetricCrypto(SymmetricAlgorithm.DESede, key); // finds: use:3DES weak-cipher ecb-mode
        RSA pair = new RSA(); // finds: use:RSA weak-padding
        pair.encrypt(text, KeyType.PublicKey);
        new Sign(SignAlgorithm.SHA256withRSA); // finds: use:RSA
    }
}
