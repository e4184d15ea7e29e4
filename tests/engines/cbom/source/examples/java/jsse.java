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

    /** Not a trust manager. */
    static class Own {
        public void checkServerTrusted(X509Certificate[] chain, String type) {}
    }
}
