package example;

import java.net.Socket;
import javax.net.SocketFactory;
import javax.net.ssl.*;

class Connections {
    void open(String host, Socket plain, SSLContext context) throws Exception {
        SSLSocket own = (SSLSocket) SSLSocketFactory.getDefault().createSocket(host, 443); // finds: use:TLS disabled-certificate-check
        SocketFactory factory = SSLSocketFactory.getDefault(); // finds: use:TLS
        factory.createSocket(host, 443); // finds: disabled-certificate-check
        context.getSocketFactory().createSocket(plain, host, 443, true);
        SSLContext made = SSLContext.getInstance("TLS"); // finds: use:TLS
        made.getSocketFactory().createSocket(plain, host, 443, true); // finds: disabled-certificate-check
        SocketFactory.getDefault().createSocket(host, 80);
    }

    /** Its messages are checked elsewhere. */
    void engine(SSLContext context) {
        context.createSSLEngine().setUseClientMode(true);
    }
}

class Named {
    Socket open(SSLSocketFactory factory, String host) throws Exception {
        SSLSocket socket = (SSLSocket) factory.createSocket(host, 443);
        SSLParameters parameters = socket.getSSLParameters();
        parameters.setEndpointIdentificationAlgorithm("HTTPS");
        socket.setSSLParameters(parameters);
        return socket;
    }
}

class ByHand {
    private final HostnameVerifier verifier;

    ByHand(HostnameVerifier verifier) {
        this.verifier = verifier;
    }

    void open(SSLSocketFactory factory, String host) throws Exception {
        SSLSocket socket = (SSLSocket) factory.createSocket(host, 443);
        if (!verifier.verify(host, socket.getSession())) {
            throw new SSLPeerUnverifiedException(host);
        }
    }
}

/** One of its methods checks what another one makes. */
class Mixed {
    private Socket made(String host) throws Exception {
        return SSLSocketFactory.getDefault().createSocket(host, 443); // finds: use:TLS
    }

    public void checked(String host, HostnameVerifier verifier) throws Exception {
        SSLSocket socket = (SSLSocket) made(host);
        verifier.verify(host, socket.getSession());
    }

    public Socket unchecked(String host) throws Exception {
        return SSLSocketFactory.getDefault().createSocket(host, 443); // finds: use:TLS disabled-certificate-check
    }
}

/** What it makes, its callers check. */
class Tuned extends SSLSocketFactory {
    private final SSLSocketFactory inner = (SSLSocketFactory) SSLSocketFactory.getDefault(); // finds: use:TLS

    public Socket createSocket(String host, int port) throws java.io.IOException {
        return inner.createSocket(host, port);
    }
}

/** Functions that a type expects to check something. */
class Verifiers {
    static final HostnameVerifier ANY = (host, session) -> true; // finds: disabled-certificate-check
    static final HostnameVerifier OWN = Verifiers::any;

    static void take(HostnameVerifier verifier) {}

    void given() {
        take((name, session) -> true); // finds: disabled-certificate-check
        take((name, session) -> name.equals(session.getPeerHost()));
    }

    static final java.util.function.BiPredicate<String, SSLSession> OTHER = (host, session) -> true;

    private static boolean any(String host, SSLSession session) { // finds: disabled-certificate-check
        return true;
    }

    HostnameVerifier lenient() {
        return (host, session) -> true; // finds: disabled-certificate-check
    }

    HostnameVerifier strict(String name) {
        return (host, session) -> host.equals(name);
    }

    /** A store in memory needs no secret. */
    void stores(KeyManagerFactory factory, java.security.KeyStore store, String password) throws Exception {
        factory.init(store, "changeit".toCharArray());
        System.setProperty("javax.net.ssl.trustStorePassword", "changeit"); // finds: hardcoded-key
        System.setProperty("javax.net.ssl.trustStorePassword", password);
    }
}

/** It keeps what the manager within it refuses, for those who ask. */
class Expecting implements javax.net.ssl.X509TrustManager {
    private final javax.net.ssl.X509TrustManager inner;
    private java.security.cert.CertificateException refusal;

    Expecting(javax.net.ssl.X509TrustManager inner) {
        this.inner = inner;
    }

    public void checkServerTrusted(java.security.cert.X509Certificate[] chain, String kind) {
        try {
            inner.checkServerTrusted(chain, kind);
        } catch (java.security.cert.CertificateException e) {
            refusal = e;
        }
    }
}

class Suites {
    void filtered(javax.net.ssl.SSLContext given) throws Exception {
        SSLContext context = SSLContext.getInstance("SSL"); // finds: use:SSLv3 weak-protocol
        SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(); // finds: disabled-certificate-check
        socket.setEnabledCipherSuites(allowed(socket));
        socket.setEnabledCipherSuites(new String[] {"TLS_RSA_WITH_RC4_128_SHA"}); // finds: use:RC4 weak-cipher
    }
}
