import com.itextpdf.kernel.pdf.EncryptionConstants;
import com.itextpdf.kernel.pdf.WriterProperties;
import com.itextpdf.text.Document;
import com.itextpdf.text.pdf.PdfWriter;
import java.io.OutputStream;
import net.lingala.zip4j.ZipFile;
import net.lingala.zip4j.model.ZipParameters;
import net.lingala.zip4j.model.enums.EncryptionMethod;
import org.apache.pdfbox.pdmodel.encryption.AccessPermission;
import org.apache.pdfbox.pdmodel.encryption.StandardProtectionPolicy;
import org.apache.poi.poifs.crypt.EncryptionInfo;
import org.apache.poi.poifs.crypt.EncryptionMode;

class Documents {
    void portable(String owner, String user, AccessPermission permissions) {
        StandardProtectionPolicy weak = new StandardProtectionPolicy(owner, user, permissions);
        weak.setEncryptionKeyLength(40); // finds: use:RC4 weak-cipher
        StandardProtectionPolicy sound = new StandardProtectionPolicy(owner, user, permissions);
        sound.setEncryptionKeyLength(256); // finds: use:AES
        new StandardProtectionPolicy("owner", "secret", permissions); // finds: hardcoded-key
    }

    void written(Document document, OutputStream out, byte[] user, byte[] owner) throws Exception {
        PdfWriter writer = PdfWriter.getInstance(document, out);
        writer.setEncryption(user, owner, 0, PdfWriter.STANDARD_ENCRYPTION_128); // finds: use:RC4 weak-cipher
        writer.setEncryption(user, owner, 0, PdfWriter.ENCRYPTION_AES_256); // finds: use:AES
        writer.setEncryption("secret".getBytes(), owner, 0, PdfWriter.ENCRYPTION_AES_256); // finds: use:AES hardcoded-key
        new WriterProperties().setStandardEncryption(user, owner, 0, EncryptionConstants.STANDARD_ENCRYPTION_40); // finds: use:RC4 weak-cipher weak-key-size
    }

    void office(String password) {
        new EncryptionInfo(EncryptionMode.binaryRC4); // finds: use:RC4 weak-cipher
        new EncryptionInfo(EncryptionMode.standard); // finds: use:AES ecb-mode
        EncryptionInfo info = new EncryptionInfo(EncryptionMode.agile); // finds: use:AES
        info.getEncryptor().confirmPassword("secret"); // finds: hardcoded-key
        info.getEncryptor().confirmPassword(password);
    }

    void archives(char[] password) {
        ZipParameters old = new ZipParameters();
        old.setEncryptionMethod(EncryptionMethod.ZIP_STANDARD); // finds: use:ZipCrypto weak-cipher
        ZipParameters sound = new ZipParameters();
        sound.setEncryptionMethod(EncryptionMethod.AES); // finds: use:AES
        new ZipFile("files.zip", password);
        new ZipFile("files.zip", "secret".toCharArray()); // finds: hardcoded-key
    }
}
