package example;

import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.encrypt.Encryptors;
import org.springframework.security.crypto.password.*;
import org.springframework.util.DigestUtils;

class Passwords {
    void encoders(CharSequence password, String salt, byte[] data) {
        new BCryptPasswordEncoder(); // finds: use:bcrypt
        new BCryptPasswordEncoder(4); // finds: use:bcrypt low-kdf-iterations
        new BCryptPasswordEncoder(12); // finds: use:bcrypt
        NoOpPasswordEncoder.getInstance(); // finds: weak-kdf
        new MessageDigestPasswordEncoder("SHA-1"); // finds: use:SHA-1 weak-hash weak-kdf
        Encryptors.stronger(password, salt); // finds: use:AES
        Encryptors.text("secret", salt); // finds: use:AES unauthenticated-mode hardcoded-key
        DigestUtils.md5DigestAsHex(data); // finds: use:MD5 weak-hash
    }
}
