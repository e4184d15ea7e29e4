package example.names;

public class Names {
    public static final String OLD = "MD4";

    public static class Inner {
        static final String BLOCK = """
            SHA\
            -224""";
    }

    static String chosen(String name) {
        return new StringBuilder("SHA").append("-").append(name).toString();
    }
}
