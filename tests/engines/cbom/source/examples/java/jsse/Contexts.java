package example;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.*;

class Contexts {
    void contexts(TrustManager[] managers) throws Exception {
        SSLContext.getInstance("SSLv3"); // finds: use:SSLv3 weak-protocol
        SSLContext.getInstance("TLSv1.1"); // finds: use:TLSv1.1 weak-protocol
        SSLContext context = SSLContext.getInstance("TLS"); // finds: use:TLS
        context.init(null, managers, null);
    }

    void protocols(SSLSocket socket) {
        socket.setEnabledProtocols(new String[] {"TLSv1.3", "TLSv1.2"}); // finds: use:TLSv1.3 use:TLSv1.2
        socket.setEnabledProtocols(new String[] {"TLSv1"}); // finds: use:TLSv1.0 weak-protocol
    }

    void names(HttpsURLConnection connection) {
        connection.setHostnameVerifier((host, session) -> true); // finds: disabled-certificate-check
        connection.setHostnameVerifier((host, session) -> host.equals("internal"));
        HttpsURLConnection.setDefaultHostnameVerifier(new HostnameVerifier() {
            public boolean verify(String host, SSLSession session) { // finds: disabled-certificate-check
                return true;
            }
        });
    }

    static class Anything implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {} // finds: disabled-certificate-check

        public void checkServerTrusted(X509Certificate[] chain, String type) { // finds: disabled-certificate-check
            System.out.println(type);
        }

        public X509Certificate[] getAcceptedIssuers() {
            return null;
        }
    }

    static class Checking implements X509TrustManager {
        private X509TrustManager real;

        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            throw new CertificateException();
        }

        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            real.checkServerTrusted(chain, type);
        }

        public X509Certificate[] getAcceptedIssuers() {
            return real.getAcceptedIssuers();
        }
    }

    /** Only the server's certificates matter to a client. */
    static class OfClient implements X509TrustManager {
        private X509TrustManager real;

        public void checkClientTrusted(X509Certificate[] chain, String type) {}

        public void checkServerTrusted(X509Certificate[] chain, String type) throws CertificateException {
            try {
                real.checkServerTrusted(chain, type);
            } catch (CertificateException e) {
                System.err.println("refused: " + e.getMessage());
                throw e;
            }
        }

        public X509Certificate[] getAcceptedIssuers() {
            return real.getAcceptedIssuers();
        }
    }

    static class OfServer implements X509TrustManager {
        public void checkClientTrusted(X509Certificate[] chain, String type) {} // finds: disabled-certificate-check

        public void checkServerTrusted(X509Certificate[] chain, String type) {
            throw new UnsupportedOperationException();
        }

        public X509Certificate[] getAcceptedIssuers() {
            return null;
        }
    }

    static class Swallowing implements X509TrustManager {
        private X509TrustManager real;

        public void checkClientTrusted(X509Certificate[] chain, String type) throws CertificateException {
            real.checkClientTrusted(chain, type);
        }

        public void checkServerTrusted(X509Certificate[] chain, String type) { // finds: disabled-certificate-check
            try {
                real.checkServerTrusted(chain, type);
            } catch (IllegalStateException | CertificateException e) {
                e.printStackTrace();
            }
        }

        public X509Certificate[] getAcceptedIssuers() {
            return real.getAcceptedIssuers();
        }
    }

    void settings(SSLSocket socket, SSLParameters parameters) {
        socket.setEnabledCipherSuites(new String[] {"TLS_AES_128_GCM_SHA256", "TLS_RSA_WITH_RC4_128_SHA"}); // finds: weak-cipher use:RC4
        parameters.setEndpointIdentificationAlgorithm(null); // finds: disabled-certificate-check
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        System.setProperty("jdk.internal.httpclient.disableHostnameVerification", "true"); // finds: disabled-certificate-check
        System.setProperty("https.protocols", "TLSv1.3,TLSv1.2"); // finds: use:TLSv1.3 use:TLSv1.2
        System.setProperty("jdk.tls.client.protocols", "TLSv1.2,TLSv1.1"); // finds: use:TLSv1.2 use:TLSv1.1 weak-protocol
    }

    /** Not a trust manager. */
    static class Own {
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
    }
}
