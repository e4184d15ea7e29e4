import android.security.keystore.KeyGenParameterSpec;
import android.security.keystore.KeyProperties;
import androidx.security.crypto.EncryptedSharedPreferences;
import javax.crypto.Cipher;
import javax.crypto.KeyGenerator;

class DeviceKeys {
    static final String TRANSFORMATION = KeyProperties.KEY_ALGORITHM_AES + "/" + KeyProperties.BLOCK_MODE_GCM + "/NoPadding";

    void sound() throws Exception {
        KeyGenerator generator = KeyGenerator.getInstance(KeyProperties.KEY_ALGORITHM_AES, "AndroidKeyStore"); // finds: use:AES
        generator.init(new KeyGenParameterSpec.Builder("a", KeyProperties.PURPOSE_ENCRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM) // finds: use:AES
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_NONE)
                .setKeySize(256)
                .build());
        Cipher.getInstance(TRANSFORMATION); // finds: use:AES
        EncryptedSharedPreferences.create("secret", "alias", null, null, null); // finds: use:AES
    }

    void weak() {
        new KeyGenParameterSpec.Builder("b", KeyProperties.PURPOSE_ENCRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_CBC, KeyProperties.BLOCK_MODE_ECB) // finds: use:AES ecb-mode
                .build();
        new KeyGenParameterSpec.Builder("c", KeyProperties.PURPOSE_DECRYPT)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_RSA_PKCS1) // finds: use:RSA weak-padding
                .build();
        new KeyGenParameterSpec.Builder("d", KeyProperties.PURPOSE_DECRYPT)
                .setEncryptionPaddings(KeyProperties.ENCRYPTION_PADDING_RSA_OAEP)
                .build();
    }

    void older(android.content.Context context) {
        new android.security.KeyPairGeneratorSpec.Builder(context).setAlias("a").setKeySize(1024).build(); // finds: use:RSA weak-key-size
        new android.security.KeyPairGeneratorSpec.Builder(context).setAlias("a").setKeySize(2048).build(); // finds: use:RSA
    }
}
