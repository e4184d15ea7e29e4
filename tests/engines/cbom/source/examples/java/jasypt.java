import org.jasypt.encryption.pbe.PooledPBEStringEncryptor;
import org.jasypt.encryption.pbe.StandardPBEStringEncryptor;
import org.jasypt.encryption.pbe.config.SimpleStringPBEConfig;
import org.jasypt.util.password.StrongPasswordEncryptor;
import org.jasypt.util.text.AES256TextEncryptor;
import org.jasypt.util.text.BasicTextEncryptor;

class Secrets {
    void all(String password) {
        BasicTextEncryptor basic = new BasicTextEncryptor(); // finds: use:PBES1 weak-kdf use:DES weak-cipher
        basic.setPassword("master"); // finds: hardcoded-key
        StandardPBEStringEncryptor standard = new StandardPBEStringEncryptor();
        standard.setAlgorithm("PBEWITHHMACSHA512ANDAES_256"); // finds: use:PBKDF2 use:AES
        standard.setPassword(password);
        standard.setKeyObtentionIterations(1000); // finds: use:PBKDF2 low-kdf-iterations
        SimpleStringPBEConfig config = new SimpleStringPBEConfig();
        config.setPassword(System.getenv("PASSWORD"));
        config.setAlgorithm("PBEWithMD5AndTripleDES"); // finds: use:PBES1 weak-kdf use:3DES weak-cipher
        config.setKeyObtentionIterations("2000"); // finds: use:PBES1 low-kdf-iterations
        AES256TextEncryptor strong = new AES256TextEncryptor(); // finds: use:PBKDF2 use:AES
        strong.setPassword(password);
        new StrongPasswordEncryptor().checkPassword(password, "a"); // finds: use:SHA-256
    }
}
