class Snippet {
    void digest() {
        MessageDigest.getInstance("MD5"); // finds: use:MD5 weak-hash
        Mac.getInstance("HmacSHA256"); // finds: use:HMAC-SHA-256
        Widget.getInstance("MD5");
    }

    void parameters(Key key) {
        byte[] zeros = new byte[16];
        Arrays.fill(zeros, (byte) 1);
        Cipher cipher = Cipher.getInstance("AES/CTR/NoPadding"); // finds: use:AES
        cipher.init(Cipher.ENCRYPT_MODE, key, new IvParameterSpec(zeros)); // finds: use:AES static-iv:AES
        new SecretKeySpec(Base64.getDecoder().decode("c2VjcmV0c2VjcmV0c2VjcmV0"), "AES"); // finds: use:AES hardcoded-key
        Map<String, String> names = new HashMap<>();
        names.put("digest", "MD5");
        MessageDigest.getInstance(names.get("digest")); // finds: use:MD5 weak-hash
    }

    void ciphers(SSLSocket socket, SSLServerSocket server) {
        List<String> weak = new ArrayList<>();
        weak.add("SSL_RSA_WITH_RC4_128_MD5");
        socket.setEnabledCipherSuites(weak.toArray(new String[0])); // finds: use:RC4 weak-cipher use:MD5 weak-hash
        socket.setEnabledCipherSuites(new String[] {"TLS_AES_128_GCM_SHA256"});
        server.setEnabledProtocols(new String[] {"TLSv1.1"}); // finds: use:TLSv1.1 weak-protocol
    }

    void device() {
        new KeyGenParameterSpec.Builder("key", KeyProperties.PURPOSE_ENCRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_ECB) // finds: use:AES ecb-mode
                .build();
        new KeyGenParameterSpec.Builder("key", KeyProperties.PURPOSE_ENCRYPT)
                .setBlockModes(KeyProperties.BLOCK_MODE_GCM) // finds: use:AES
                .build();
    }
}
