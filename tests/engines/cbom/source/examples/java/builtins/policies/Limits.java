package policies;

record Limits(int rounds) {
    static Limits weak() {
        return new Limits(1000);
    }

    int rsaBits() {
        return 1024;
    }
}
