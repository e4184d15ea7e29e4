package example;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.common.hash.Hashing;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
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

    Object collected(java.util.List<String> names, java.util.Map<String, String> known) {
        names.stream().collect(Collectors.toMap(name -> name, DigestUtils::md5Hex)); // finds: use:MD5 weak-hash
        names.stream().collect(Collectors.groupingBy(DigestUtils::sha256Hex)); // finds: use:SHA-256
        return known.computeIfAbsent("a", name -> DigestUtils.sha1Hex(name)); // finds: use:SHA-1 weak-hash
    }

    String resetToken(java.util.Random random) {
        return Stream.generate(() -> random.nextInt(10)).limit(6).map(String::valueOf).collect(Collectors.joining()); // finds: weak-random
    }

    String pinCode(java.util.Random random) {
        return IntStream.range(0, 4).mapToObj(i -> "" + random.nextInt(10)).collect(Collectors.joining()); // finds: weak-random
    }

    String dice(java.util.Random random) {
        return IntStream.range(0, 4).mapToObj(i -> "" + random.nextInt(10)).collect(Collectors.joining());
    }

    void secrets() {
        String password = RandomStringUtils.randomAlphanumeric(12); // finds: weak-random
        String name = RandomStringUtils.randomAlphabetic(12);
        String passwordToo = RandomStringUtils.random(12, 0, 0, true, true, null, new java.security.SecureRandom()); // finds: use:CSPRNG
    }
}

class Generated {
    void make() {
        String password = org.apache.commons.lang3.RandomStringUtils.secure().nextAlphanumeric(96); // finds: use:CSPRNG
        String token = org.apache.commons.lang3.RandomStringUtils.insecure().nextAlphanumeric(96); // finds: use:PRNG weak-random
        String alias = org.apache.commons.lang3.RandomStringUtils.insecure().nextAlphanumeric(10);
    }
}

class Digests {
    void answer(java.security.MessageDigest md5, String user, String realm, String password) {
        md5.update(md5.digest((user + ":" + realm + ":" + password).getBytes()));
        md5.digest((user + ":" + password).getBytes()); // finds: use: weak-kdf
    }
}
