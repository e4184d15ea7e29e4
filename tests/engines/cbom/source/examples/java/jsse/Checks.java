import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import javax.net.ssl.HostnameVerifier;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509TrustManager;

/** Checks of the program's own, by types of its own between them and the library's. */
class Checks {
    interface Named extends HostnameVerifier {}

    abstract static class Trusting implements X509TrustManager {
        @Override
        public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
        }
    }

    Named below = new Named() {
        @Override
        public boolean verify(String host, SSLSession session) { // finds: disabled-certificate-check
            boolean matches = true;
            return matches;
        }
    };

    Named constant = new Named() {
        @Override
        public boolean verify(String host, SSLSession session) { // finds: disabled-certificate-check
            if (true || host.endsWith("example.org")) {
                return true;
            }
            return false;
        }
    };

    Named negated = new Named() {
        @Override
        public boolean verify(String host, SSLSession session) { // finds: disabled-certificate-check
            return !false;
        }
    };

    Named itself = new Named() {
        @Override
        public boolean verify(String host, SSLSession session) { // finds: disabled-certificate-check
            return host.equals(host);
        }
    };

    Named sound = new Named() {
        @Override
        public boolean verify(String host, SSLSession session) {
            boolean matches = true;
            matches = host.equals(session.getPeerHost());
            return matches;
        }
    };

    Named refusing = new Named() {
        @Override
        public boolean verify(String host, SSLSession session) {
            if (!host.endsWith(".example.org")) {
                return false;
            }
            return true;
        }
    };

    Trusting formal = new Trusting() {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {} // finds: disabled-certificate-check

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException { // finds: disabled-certificate-check
            if (chain == null || chain.length == 0) {
                throw new CertificateException("no chain");
            }
            if (!"RSA".equalsIgnoreCase(kind)) {
                throw new CertificateException("not RSA");
            }
        }
    };

    Trusting recent = new Trusting() {
        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {} // finds: disabled-certificate-check

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException { // finds: disabled-certificate-check
            chain[0].checkValidity();
        }
    };

    static class Pinning extends Trusting {
        private final X509Certificate pinned;
        private final boolean strict;

        Pinning(X509Certificate pinned, boolean strict) {
            this.pinned = pinned;
            this.strict = strict;
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) throws CertificateException {
            if (strict) {
                throw new CertificateException("no clients");
            }
        }

        @Override
        public void checkServerTrusted(X509Certificate[] chain, String kind) throws CertificateException {
            if (chain == null || chain.length == 0 || !chain[0].equals(pinned)) {
                throw new CertificateException("not pinned");
            }
        }
    }

    /** The server's check is inherited. */
    static class Client extends Pinning {
        Client(X509Certificate pinned) {
            super(pinned, false);
        }

        @Override
        public void checkClientTrusted(X509Certificate[] chain, String kind) {}
    }
}
