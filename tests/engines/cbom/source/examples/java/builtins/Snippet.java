class Snippet {
    void digest() {
        MessageDigest.getInstance("MD5"); // finds: use:MD5 weak-hash
        Mac.getInstance("HmacSHA256"); // finds: use:HMAC-SHA-256
        Widget.getInstance("MD5");
    }
}
