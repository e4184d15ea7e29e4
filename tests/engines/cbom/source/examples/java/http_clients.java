package example;

import javax.net.ssl.SSLContext;
import okhttp3.OkHttpClient;
import org.apache.http.conn.ssl.NoopHostnameVerifier;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;
import org.apache.http.conn.ssl.TrustAllStrategy;
import org.apache.http.conn.ssl.TrustStrategy;
import org.apache.http.impl.client.HttpClients;

class Clients {
    void clients(SSLContext context) {
        HttpClients.custom().setSSLHostnameVerifier(NoopHostnameVerifier.INSTANCE); // finds: disabled-certificate-check
        new SSLConnectionSocketFactory(context, new NoopHostnameVerifier()); // finds: use:TLS disabled-certificate-check
        new SSLConnectionSocketFactory(context); // finds: use:TLS
        new TrustAllStrategy(); // finds: disabled-certificate-check
        new OkHttpClient.Builder().hostnameVerifier((host, session) -> true).build(); // finds: disabled-certificate-check
        new OkHttpClient.Builder().hostnameVerifier((host, session) -> host.isEmpty()).build();
    }

    static class Anything implements TrustStrategy {
        @Override
        public boolean isTrusted(Object[] chain, String type) { // finds: disabled-certificate-check
            return true;
        }
    }
}
