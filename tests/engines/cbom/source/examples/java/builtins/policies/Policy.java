package policies;

/** Names no library. */
public interface Policy {
    String transformation();

    default int keyBits() {
        return 256;
    }
}
