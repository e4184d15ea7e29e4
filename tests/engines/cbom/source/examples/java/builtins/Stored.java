package example;

import java.security.MessageDigest;
import java.util.List;

/** Objects that a database makes have other fields than new ones. */
class Stored {
    static class Attachment {
        public boolean available = false;
        String name = null;
        private boolean kept = false;
        private boolean fixed = false;
        final boolean old = false;

        public boolean isKept() {
            return kept;
        }

        public void setKept(boolean kept) {
            this.kept = kept;
        }

        void all() throws Exception {
            if (kept) {
                MessageDigest.getInstance("MD5"); // finds: use:MD5 weak-hash
            }
            if (fixed) {
                MessageDigest.getInstance("MD5");
            }
        }
    }

    interface Attachments {
        List<Attachment> all();

        Attachment first();
    }

    void read(Attachments attachments) throws Exception {
        for (Attachment each : attachments.all()) {
            if (!each.available || !each.isKept()) {
                throw new IllegalStateException("not yet");
            }
        }
        Attachment first = attachments.first();
        if (first.name == null) {
            return;
        }
        MessageDigest.getInstance("MD4"); // finds: use:MD4 weak-hash
        if (first.old) {
            MessageDigest.getInstance("MD2");
        }
    }

    void made() throws Exception {
        Attachment own = new Attachment();
        own.available = true;
        if (!own.available) {
            MessageDigest.getInstance("MD2");
        }
    }
}
