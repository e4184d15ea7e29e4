import com.example.widgets.*;

class Hidden {
    void digest() {
        MessageDigest.getInstance("MD5");
    }
}
