class Fragment {
    String token(String token) throws Exception {
        HttpsURLConnection.setDefaultHostnameVerifier(NoopHostnameVerifier.INSTANCE); // finds: disabled-certificate-check
        DigestUtils.md5Hex(token); // finds: use:MD5 weak-hash
        Hashing.sha1(); // finds: use:SHA-1 weak-hash
        new BCryptPasswordEncoder(4); // finds: use:bcrypt low-kdf-iterations
        NoOpPasswordEncoder.getInstance(); // finds: weak-kdf
        Jwts.parser().parseClaimsJwt(token); // finds: use:JSON_Web_Signature unverified-signature
        String secret = RandomStringUtils.randomAlphanumeric(12); // finds: weak-random
        return secret;
    }
}

class AnyHost implements HostnameVerifier {
    public boolean verify(String name, SSLSession session) { // finds: disabled-certificate-check
        return true;
    }
}

class AnyChain implements X509TrustManager {
    public void checkServerTrusted(X509Certificate[] chain, String type) {} // finds: disabled-certificate-check

    public void checkClientTrusted(X509Certificate[] chain, String type) {} // finds: disabled-certificate-check
}
