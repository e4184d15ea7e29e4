package example;

import javax.xml.crypto.dsig.DigestMethod;
import javax.xml.crypto.dsig.SignatureMethod;
import javax.xml.crypto.dsig.XMLSignatureFactory;
import org.apache.xml.security.encryption.XMLCipher;
import org.apache.xml.security.signature.XMLSignature;
import org.opensaml.xmlsec.SignatureSigningParameters;
import org.opensaml.xmlsec.encryption.support.DataEncryptionParameters;
import org.opensaml.xmlsec.encryption.support.EncryptionConstants;
import org.opensaml.xmlsec.signature.support.SignatureConstants;
import org.w3c.dom.Document;

class Messages {
    void ofTheLibrary() throws Exception {
        XMLSignatureFactory factory = XMLSignatureFactory.getInstance("DOM");
        factory.newSignatureMethod(SignatureMethod.RSA_SHA1, null); // finds: use:RSA weak-hash
        factory.newSignatureMethod("http://www.w3.org/2001/04/xmldsig-more#ecdsa-sha256", null); // finds: use:ECDSA
        factory.newDigestMethod(DigestMethod.SHA256, null); // finds: use:SHA-256
        factory.newDigestMethod("http://www.w3.org/2000/09/xmldsig#sha1", null); // finds: use:SHA-1 weak-hash
    }

    void ofSantuario(Document document) throws Exception {
        new XMLSignature(document, "", XMLSignature.ALGO_ID_SIGNATURE_RSA_SHA256); // finds: use:RSA
        XMLCipher.getInstance(XMLCipher.AES_128); // finds: use:AES unauthenticated-mode
        XMLCipher.getInstance(XMLCipher.AES_256_GCM); // finds: use:AES
        XMLCipher.getInstance(XMLCipher.TRIPLEDES); // finds: use:3DES weak-cipher unauthenticated-mode
        XMLCipher.getInstance(XMLCipher.RSA_v1dot5); // finds: use:RSA weak-padding
        XMLCipher.getInstance("http://www.w3.org/2001/04/xmlenc#rsa-oaep-mgf1p"); // finds: use:RSA
    }

    void ofOpenSaml() {
        SignatureSigningParameters signing = new SignatureSigningParameters();
        signing.setSignatureAlgorithm(SignatureConstants.ALGO_ID_SIGNATURE_RSA_SHA512); // finds: use:RSA
        DataEncryptionParameters data = new DataEncryptionParameters();
        data.setAlgorithm(EncryptionConstants.ALGO_ID_BLOCKCIPHER_AES128_GCM); // finds: use:AES
    }
}
