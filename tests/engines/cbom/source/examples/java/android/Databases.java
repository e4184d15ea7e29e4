package example;

import io.realm.RealmConfiguration;
import net.sqlcipher.database.SQLiteDatabase;

class Databases {
    void open(String path, String given, byte[] key) {
        SQLiteDatabase database = SQLiteDatabase.openOrCreateDatabase(path, "test123", null); // finds: use:AES hardcoded-key
        database = new SQLiteDatabase(path, given.toCharArray(), null, 0); // finds: use:AES
        database.changePassword("next"); // finds: use:AES hardcoded-key
        new RealmConfiguration.Builder().encryptionKey(key).build(); // finds: use:AES
        new RealmConfiguration.Builder().encryptionKey("key".getBytes()).build(); // finds: use:AES hardcoded-key
    }
}
