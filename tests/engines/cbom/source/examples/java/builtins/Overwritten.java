package example;

import java.security.MessageDigest;
import javax.crypto.Cipher;

class Overwritten {
    byte[] never(byte[] data) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("MD5");
        digest = MessageDigest.getInstance("SHA-256"); // finds: use:SHA-256
        return digest.digest(data);
    }

    byte[] sometimes(byte[] data, int version) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("MD5"); // finds: use:MD5 weak-hash
        if (version > 1) {
            digest = MessageDigest.getInstance("SHA-256"); // finds: use:SHA-256
        }
        return digest.digest(data);
    }

    Cipher used(int version) throws Exception {
        Cipher cipher = Cipher.getInstance("DES/GCM/NoPadding"); // finds: use:DES weak-cipher
        if (cipher.getBlockSize() > version) {
            return null;
        }
        cipher = Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
        return cipher;
    }

    private Cipher chosen(int version) throws Exception {
        Cipher cipher = Cipher.getInstance("DES/GCM/NoPadding");
        if (version > 1) {
            cipher = Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
        }
        return cipher;
    }

    Cipher newest() throws Exception {
        return chosen(2);
    }

    void tries() throws Exception {
        Cipher cipher = Cipher.getInstance("DES/GCM/NoPadding"); // finds: use:DES weak-cipher
        cipher = Cipher.getInstance("RC4"); // finds: use:RC4 weak-cipher
        cipher = Cipher.getInstance("AES/GCM/NoPadding"); // finds: use:AES
    }
}
