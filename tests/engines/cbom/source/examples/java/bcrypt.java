package example;

import at.favre.lib.crypto.bcrypt.BCrypt;
import com.lambdaworks.crypto.SCryptUtil;
import de.mkammerer.argon2.Argon2;
import de.mkammerer.argon2.Argon2Factory;

class Hashes {
    String own(char[] password, String text) {
        BCrypt.withDefaults().hashToString(12, password); // finds: use:bcrypt
        BCrypt.withDefaults().hashToString(6, password); // finds: use:bcrypt low-kdf-iterations
        BCrypt.verifyer().verify(password, text); // finds: use:bcrypt
        org.mindrot.jbcrypt.BCrypt.hashpw(text, org.mindrot.jbcrypt.BCrypt.gensalt()); // finds: use:bcrypt
        org.mindrot.jbcrypt.BCrypt.hashpw(text, org.mindrot.jbcrypt.BCrypt.gensalt(4)); // finds: use:bcrypt low-kdf-iterations
        Argon2 argon = Argon2Factory.create();
        argon.hash(10, 65536, 1, password); // finds: use:Argon2
        argon.hash(1, 512, 1, password); // finds: use:Argon2 low-kdf-iterations
        return SCryptUtil.scrypt(text, 1024, 8, 1); // finds: use:scrypt low-kdf-iterations
    }
}
