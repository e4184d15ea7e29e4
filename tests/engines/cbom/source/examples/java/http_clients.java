package example;

import android.webkit.SslErrorHandler;
import android.webkit.WebViewClient;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import io.vertx.core.http.HttpClientOptions;
import java.util.Hashtable;
import javax.net.ssl.SSLContext;
import okhttp3.OkHttpClient;
import org.apache.http.conn.ssl.NoopHostnameVerifier;
import org.apache.http.conn.ssl.SSLConnectionSocketFactory;
import org.apache.http.conn.ssl.TrustAllStrategy;
import org.apache.http.conn.ssl.TrustStrategy;
import org.apache.http.impl.client.HttpClients;
import org.apache.http.ssl.SSLContexts;
import org.eclipse.jetty.util.ssl.SslContextFactory;

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

    void contexts() throws Exception {
        SSLContexts.custom().loadTrustMaterial(null, (chain, type) -> true).build(); // finds: use:TLS disabled-certificate-check
        SSLContexts.custom().loadTrustMaterial(null, (chain, type) -> chain.length > 1).build(); // finds: use:TLS
        SSLContexts.custom().setProtocol("TLSv1").build(); // finds: use:TLSv1.0 use:TLS weak-protocol
        SslContextBuilder.forClient().trustManager(InsecureTrustManagerFactory.INSTANCE).build(); // finds: use:TLS disabled-certificate-check
        SslContextBuilder.forClient().endpointIdentificationAlgorithm("").build(); // finds: use:TLS disabled-certificate-check
        SslContextBuilder.forServer(null).keyManager(null).endpointIdentificationAlgorithm(null).build(); // finds: use:TLS
        SslContextBuilder.forClient().protocols("TLSv1.1", "TLSv1.2").build(); // finds: use:TLS use:TLSv1.1 use:TLSv1.2 weak-protocol
        new HttpClientOptions().setSsl(true).setTrustAll(true); // finds: disabled-certificate-check
        new HttpClientOptions().setSsl(true).setVerifyHost(true);
        new SslContextFactory.Server().setKeyStorePassword("secret"); // finds: hardcoded-key
        System.setProperty("com.sun.jndi.ldap.object.disableEndpointIdentification", "true"); // finds: disabled-certificate-check
        System.setProperty("com.sun.jndi.ldap.object.disableEndpointIdentification", "false");
        Hashtable<String, String> environment = new Hashtable<>();
        environment.put("com.sun.jndi.ldap.object.disableEndpointIdentification", "true"); // finds: disabled-certificate-check
        environment.put("com.sun.jndi.ldap.connect.pool", "true");
    }

    static class Proceeding extends WebViewClient {
        public void onReceivedSslError(Object view, SslErrorHandler handler, Object error) { // finds: disabled-certificate-check
            handler.proceed();
        }
    }

    static class Asking extends WebViewClient {
        public void onReceivedSslError(Object view, SslErrorHandler handler, Object error) {
            if (known(error)) {
                handler.proceed();
            } else {
                handler.cancel();
            }
        }
    }
}

class OtherClients {
    void connect(boolean allowed) throws Exception {
        com.mongodb.connection.SslSettings.builder().enabled(true).invalidHostNameAllowed(true).build(); // finds: disabled-certificate-check
        com.mongodb.connection.SslSettings.builder().enabled(true).invalidHostNameAllowed(allowed).build();
        org.eclipse.paho.client.mqttv3.MqttConnectOptions options = new org.eclipse.paho.client.mqttv3.MqttConnectOptions();
        options.setHttpsHostnameVerificationEnabled(false); // finds: disabled-certificate-check
        org.apache.http.ssl.SSLContexts.createSystemDefault(); // finds: use:TLS
        new org.glassfish.grizzly.ssl.SSLContextConfigurator(); // finds: use:TLS
        io.grpc.netty.GrpcSslContexts.forClient().build(); // finds: use:TLS
    }

    void vertx(String secret) {
        new io.vertx.core.http.HttpServerOptions().addEnabledSecureTransportProtocol("TLSv1"); // finds: use:TLSv1.0 weak-protocol
        new io.vertx.core.http.HttpServerOptions().addEnabledSecureTransportProtocol("TLSv1.3"); // finds: use:TLSv1.3
        new io.vertx.core.net.JksOptions().setPath("store").setPassword("wibble"); // finds: hardcoded-key
        new io.vertx.core.net.PfxOptions().setPassword(secret);
        new io.vertx.ext.auth.PubSecKeyOptions().setAlgorithm("HS256").setBuffer("keyboard cat"); // finds: use:HMAC-SHA-256 hardcoded-key
        new io.vertx.ext.auth.PubSecKeyOptions().setAlgorithm("HS256").setBuffer(secret); // finds: use:HMAC-SHA-256
    }

    void verifiers(javax.net.ssl.SSLSocketFactory factory, HostnameVerifier own) {
        new feign.Client.Default(factory, (host, session) -> true); // finds: disabled-certificate-check
        new feign.Client.Default(factory, own);
        redis.clients.jedis.DefaultJedisClientConfig.builder().ssl(true).hostnameVerifier((h, s) -> true).build(); // finds: disabled-certificate-check
        redis.clients.jedis.DefaultJedisClientConfig.builder().ssl(true).hostnameVerifier(own).build();
    }

    void stores(java.io.File store, char[] secret) throws Exception {
        new org.apache.http.ssl.SSLContextBuilder().loadKeyMaterial(store, "changeit".toCharArray(), secret); // finds: hardcoded-key
        new org.apache.http.ssl.SSLContextBuilder().loadKeyMaterial(store, secret, secret);
    }

    void jetty() {
        new org.eclipse.jetty.util.ssl.SslContextFactory.Client().setEndpointIdentificationAlgorithm(null); // finds: disabled-certificate-check
        new org.eclipse.jetty.util.ssl.SslContextFactory.Client().setEndpointIdentificationAlgorithm("HTTPS");
        new org.eclipse.jetty.util.ssl.SslContextFactory.Server().setEndpointIdentificationAlgorithm(null);
    }
}
