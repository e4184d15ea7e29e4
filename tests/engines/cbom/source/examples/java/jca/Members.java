package example;

import java.security.KeyPairGenerator;
import java.security.MessageDigest;
import java.util.concurrent.Callable;
import java.util.function.Function;
import java.util.function.Supplier;
import javax.crypto.Cipher;
import lombok.Builder;
import lombok.Getter;
import lombok.Value;

/** Members of classes around, above and within, and of classes that Lombok completes. */
class Members {
    static final String OLD = "MD5";
    private final String kept;

    Members(String kept) {
        this.kept = kept;
    }

    static Members make() {
        return new Members("SHA-384");
    }

    static String oldest() {
        return "MD2";
    }

    Runnable anonymous() {
        return new Runnable() {
            public void run() {
                digest(OLD);
                digest(kept);
            }

            void digest(String name) {
                try {
                    MessageDigest.getInstance(name); // finds: use:MD5 use:SHA-384 weak-hash
                } catch (Exception e) {
                    throw new IllegalStateException(e);
                }
            }
        };
    }

    static class Nested {
        private static final String OWN = "SHA-256";

        void all() throws Exception {
            MessageDigest.getInstance(OLD); // finds: use:MD5 weak-hash
            MessageDigest.getInstance(OWN); // finds: use:SHA-256
            MessageDigest.getInstance(oldest()); // finds: use:MD2 weak-hash
        }
    }

    static class Base {
        protected String name = "SHA-1";
        protected int bits;

        protected String other() {
            return "SHA-512";
        }
    }

    static class Heir extends Base {
        Heir() {
            bits = 1024;
        }

        void all() throws Exception {
            MessageDigest.getInstance(name); // finds: use:SHA-1 weak-hash
            MessageDigest.getInstance(other()); // finds: use:SHA-512
            KeyPairGenerator.getInstance("RSA").initialize(bits); // finds: use:RSA weak-key-size
        }
    }

    abstract static class Named {
        private final String name;

        Named(String name) {
            this.name = name;
        }

        byte[] hash(byte[] data) throws Exception {
            return MessageDigest.getInstance(name).digest(data); // finds: use:SHA-1 weak-hash
        }
    }

    static class Fast extends Named {
        Fast() {
            super("SHA-1");
        }
    }

    interface Names {
        String LEGACY = "MD4";
    }

    interface MoreNames extends Names {}

    static class OfNames implements MoreNames {
        void all() throws Exception {
            MessageDigest.getInstance(LEGACY); // finds: use:MD4 weak-hash
        }
    }

    enum Kind {
        OLD {
            String id() {
                return "MD2";
            }
        },
        NEW {
            String id() {
                return "SHA-256";
            }
        };

        abstract String id();
    }

    void kinds() throws Exception {
        MessageDigest.getInstance(Kind.OLD.id()); // finds: use:MD2 weak-hash
        MessageDigest.getInstance(Kind.NEW.id()); // finds: use:SHA-256
    }

    private long counter;

    void counted() {
        byte[] nonce = new byte[12];
        java.nio.ByteBuffer.wrap(nonce).putLong(4, ++counter);
        new javax.crypto.spec.GCMParameterSpec(128, nonce); // finds: use:AES
        byte[] zeros = new byte[12];
        java.nio.ByteBuffer.wrap(zeros).putInt(7);
        new javax.crypto.spec.GCMParameterSpec(128, zeros); // finds: use:AES static-iv
    }

    @Getter
    @Builder
    static class Spec {
        private final String transformation;

        @Builder.Default
        private final int bits = 3072;
    }

    @Value
    static class Sizes {
        int rsa;
        int strong = 4096;
    }

    void lombok() throws Exception {
        Spec spec = Spec.builder().transformation("DES/CBC/PKCS5Padding").build();
        Cipher.getInstance(spec.getTransformation()); // finds: use:DES weak-cipher unauthenticated-mode
        KeyPairGenerator.getInstance("RSA").initialize(spec.getBits()); // finds: use:RSA
        KeyPairGenerator.getInstance("RSA").initialize(Spec.builder().bits(512).build().getBits()); // finds: use:RSA weak-key-size
        KeyPairGenerator.getInstance("RSA").initialize(new Sizes(768).getRsa()); // finds: use:RSA weak-key-size
        KeyPairGenerator.getInstance("RSA").initialize(new Sizes(768).getStrong()); // finds: use:RSA
    }

    interface Opener {
        MessageDigest openDigest(String name) throws Exception;
    }

    static <T> T unchecked(Callable<T> call) throws Exception {
        return call.call();
    }

    void functions() throws Exception {
        Supplier<String> name = () -> "SHA-1";
        MessageDigest.getInstance(name.get()); // finds: use:SHA-1 weak-hash
        Function<String, String> chosen = size -> "SHA-" + size;
        MessageDigest.getInstance(chosen.apply("512")); // finds: use:SHA-512
        Opener opener = each -> MessageDigest.getInstance(each); // finds: use:SHA-384
        opener.openDigest("SHA-384");
        unchecked(() -> MessageDigest.getInstance("MD5")); // finds: use:MD5 weak-hash
        Opener reference = MessageDigest::getInstance;
        reference.andThen("MD5");
        Function<String, MessageDigest> function = MessageDigest::getInstance;
        function.apply("SHA-224"); // finds: use:SHA-224
    }
}
