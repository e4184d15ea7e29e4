import org.apache.commons.mail.Email;
import org.apache.commons.mail.SimpleEmail;
import org.apache.commons.net.ftp.FTPSClient;
import org.apache.commons.net.util.TrustManagerUtils;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;
import com.rabbitmq.client.ConnectionFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import javax.net.ssl.SSLContext;
import net.schmizz.sshj.transport.verification.PromiscuousVerifier;
import io.lettuce.core.RedisURI;
import org.apache.sshd.client.SshClient;
import org.apache.sshd.client.keyverifier.AcceptAllServerKeyVerifier;
import org.apache.kafka.common.config.SslConfigs;

class Connections {
    Properties mail(Properties given) {
        Properties p = new Properties();
        p.put("mail.smtp.ssl.trust", "*"); // finds: disabled-certificate-check
        p.put("mail.imap.ssl.trust", "imap.example.org");
        p.setProperty("mail.smtps.ssl.checkserveridentity", "false"); // finds: disabled-certificate-check
        p.setProperty("mail.smtps.ssl.checkserveridentity", "true");
        p.put("mail.smtp.ssl.protocols", "TLSv1.2,TLSv1"); // finds: use:TLSv1.2 use:TLSv1.0 weak-protocol
        given.put("mail.smtp.ssl.protocols", "TLSv1.3"); // finds: use:TLSv1.3
        return p;
    }

    Map<String, Object> kafka() {
        Map<String, Object> p = new HashMap<>();
        p.put(SslConfigs.SSL_ENDPOINT_IDENTIFICATION_ALGORITHM_CONFIG, ""); // finds: disabled-certificate-check
        p.put("ssl.endpoint.identification.algorithm", "https");
        p.put("ssl.enabled.protocols", "TLSv1.2"); // finds: use:TLSv1.2
        return p;
    }

    void ssh(JSch jsch, Session session) throws Exception {
        Properties config = new Properties();
        config.put("StrictHostKeyChecking", "no"); // finds: disabled-certificate-check
        session.setConfig(config);
        session.setConfig("StrictHostKeyChecking", "yes");
        session.setConfig("StrictHostKeyChecking", "no"); // finds: disabled-certificate-check
        new PromiscuousVerifier(); // finds: disabled-certificate-check
    }

    void servers(String host, boolean verify) {
        RedisURI.builder().withHost(host).withSsl(true).withVerifyPeer(false).build(); // finds: disabled-certificate-check
        RedisURI.builder().withHost(host).withSsl(true).withVerifyPeer(verify).build();
        SshClient.setUpDefaultClient().setServerKeyVerifier(AcceptAllServerKeyVerifier.INSTANCE); // finds: disabled-certificate-check
    }

    void queue(SSLContext context) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.useSslProtocol(); // finds: use:TLS disabled-certificate-check
        factory.useSslProtocol("TLSv1.2"); // finds: use:TLSv1.2 disabled-certificate-check
        factory.useSslProtocol(context); // finds: disabled-certificate-check
    }

    void files() {
        new FTPSClient("TLSv1", false).setTrustManager(TrustManagerUtils.getAcceptAllTrustManager()); // finds: use:TLSv1.0 weak-protocol disabled-certificate-check
        new FTPSClient(true);
    }
}

class Checked {
    void queue(SSLContext context) throws Exception {
        ConnectionFactory factory = new ConnectionFactory();
        factory.useSslProtocol(context);
        factory.enableHostnameVerification();
    }

    void email() {
        Email email = new SimpleEmail();
        email.setSSLOnConnect(true); // finds: use:TLS disabled-certificate-check
    }

    void checkedEmail() {
        Email email = new SimpleEmail();
        email.setSSLOnConnect(true); // finds: use:TLS
        email.setSSLCheckServerIdentity(true);
    }

    void factory(Properties p) {
        p.put("mail.smtp.socketFactory.class", "javax.net.ssl.SSLSocketFactory"); // finds: use:TLS disabled-certificate-check
    }

    void checkedFactory(Properties p) {
        p.put("mail.smtp.socketFactory.class", "javax.net.ssl.SSLSocketFactory"); // finds: use:TLS
        p.put("mail.smtp.ssl.checkserveridentity", "true");
    }
}

class Directories {
    void connect(javax.net.ssl.TrustManager manager) {
        new com.unboundid.util.ssl.SSLUtil(manager); // finds: use:TLS
        new com.unboundid.util.ssl.SSLUtil(new com.unboundid.util.ssl.TrustAllTrustManager()); // finds: use:TLS disabled-certificate-check
    }
}
