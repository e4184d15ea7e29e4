package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.Hashing;
import org.apache.commons.codec.binary.Hex;
import org.apache.commons.codec.digest.DigestUtils;
import org.apache.commons.codec.digest.HmacAlgorithms;
import org.apache.commons.codec.digest.HmacUtils;
import org.apache.commons.lang3.RandomStringUtils;

class Helpers {
    void digests(String data, byte[] key, String password) throws Exception {
        DigestUtils.md5Hex(data); // finds: use:MD5 weak-hash
        DigestUtils.sha256Hex(data); // finds: use:SHA-256
        DigestUtils.sha(data); // finds: use:SHA-1 weak-hash
        new DigestUtils("SHA3-256"); // finds: use:SHA3-256
        Hashing.sha1(); // finds: use:SHA-1 weak-hash
        Hashing.sha512(); // finds: use:SHA-512
        DigestUtils.sha256Hex("salt" + password); // finds: use:SHA-256 weak-kdf
        Hashing.sha256().hashString(password, UTF_8); // finds: use:SHA-256 weak-kdf
        Hashing.sha256().hashString(data, UTF_8); // finds: use:SHA-256
        new HmacUtils(HmacAlgorithms.HMAC_SHA_256, key); // finds: use:HMAC-SHA-256
        HmacUtils.hmacSha1Hex(Hex.decodeHex("00ff"), key); // finds: use:HMAC-SHA-1 hardcoded-key
    }

    void secrets() {
        String password = RandomStringUtils.randomAlphanumeric(12); // finds: weak-random
        String name = RandomStringUtils.randomAlphabetic(12);
        String passwordToo = RandomStringUtils.random(12, 0, 0, true, true, null, new java.security.SecureRandom()); // finds: use:CSPRNG
    }
}
