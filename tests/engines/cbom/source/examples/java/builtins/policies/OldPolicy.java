package policies;

public class OldPolicy implements Policy {
    @Override
    public String transformation() {
        return "Blowfish/CBC/PKCS5Padding";
    }

    @Override
    public int keyBits() {
        return 56;
    }
}
