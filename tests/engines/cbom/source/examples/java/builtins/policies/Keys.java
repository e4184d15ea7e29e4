package policies;

import java.security.KeyStore;
import javax.crypto.spec.SecretKeySpec;

public class Keys {
    public static SecretKeySpec of(String key) {
        return new SecretKeySpec(key.getBytes(), "AES"); // finds: use:AES
    }

    static void open(KeyStore store, String password) throws Exception {
        store.load(null, password.isEmpty() ? new char[0] : password.toCharArray());
    }
}
