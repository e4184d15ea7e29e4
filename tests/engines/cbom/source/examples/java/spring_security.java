package example;

import org.springframework.security.crypto.bcrypt.BCryptPasswordEncoder;
import org.springframework.security.crypto.argon2.Argon2PasswordEncoder;
import org.springframework.security.crypto.encrypt.AesBytesEncryptor;
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
        new StandardPasswordEncoder("secret"); // finds: use:SHA-256 weak-kdf hardcoded-key
        Argon2PasswordEncoder.defaultsForSpringSecurity_v5_8(); // finds: use:Argon2
        Pbkdf2PasswordEncoder.defaultsForSpringSecurity_v5_8(); // finds: use:PBKDF2
        new Pbkdf2PasswordEncoder("", 16, 1000, SecretKeyFactoryAlgorithm.PBKDF2WithHmacSHA256); // finds: use:PBKDF2 low-kdf-iterations
        new Argon2PasswordEncoder(16, 32, 1, 1024, 1); // finds: use:Argon2 low-kdf-iterations
        Encryptors.queryableText(password, salt); // finds: use:AES unauthenticated-mode static-iv
        new AesBytesEncryptor("" + password, salt); // finds: use:AES unauthenticated-mode static-iv
        Encryptors.stronger(password, salt); // finds: use:AES
        Encryptors.text("secret", salt); // finds: use:AES unauthenticated-mode hardcoded-key
        DigestUtils.md5DigestAsHex(data); // finds: use:MD5 weak-hash
    }
}

class Headers {
    void make() {
        org.springframework.security.oauth2.jwt.JwsHeader.with(org.springframework.security.oauth2.jose.jws.MacAlgorithm.HS256).build(); // finds: use:HMAC-SHA-256
    }

    void keysOfCookies(org.springframework.security.core.userdetails.UserDetailsService users, String key) {
        new org.springframework.security.web.authentication.rememberme.TokenBasedRememberMeServices("key", users); // finds: hardcoded-key
        new org.springframework.security.web.authentication.rememberme.TokenBasedRememberMeServices(key, users);
        new org.springframework.security.authentication.RememberMeAuthenticationProvider("key"); // finds: hardcoded-key
    }

    void keysOfTokens(org.springframework.security.oauth2.provider.token.store.JwtAccessTokenConverter converter, String key) {
        converter.setSigningKey("123456"); // finds: use:HMAC-SHA-256 hardcoded-key
        converter.setSigningKey(key); // finds: use:HMAC-SHA-256
    }
}
