package example;

import lombok.Data;
import org.springframework.boot.context.properties.ConfigurationProperties;

@Data
@ConfigurationProperties("store")
public class TokenProperties {
    private Token token = new Token();

    @Data
    public static class Token {
        private String secret;
        private String algorithm = "HmacSHA512";
    }
}
