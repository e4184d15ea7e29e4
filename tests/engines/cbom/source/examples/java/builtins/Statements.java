Email email = new SimpleEmail();
email.setSSLOnConnect(true); // finds: use:TLS disabled-certificate-check

SecureRandom random = new SecureRandom(); // finds: use:CSPRNG
random.setSeed(123456L); // finds: static-seed

byte[] nonce = "7cVgr5cbdCZV".getBytes(StandardCharsets.UTF_8);
BlockCipher engine = new AESEngine(); // finds: use:AES
AEADParameters parameters = new AEADParameters(new KeyParameter(key), 128, nonce); // finds: static-iv
CCMBlockCipher cipher = new CCMBlockCipher(engine); // finds: use:AES
cipher.init(true, parameters);

String unsigned = JWT.create().withSubject(subject).sign(Algorithm.none()); // finds: unverified-signature
String signed = JWT.create().withSubject(subject).sign(Algorithm.HMAC256(key)); // finds: use:HMAC-SHA-256

MACSigner signer = new MACSigner("0123456789abcdef0123456789abcdef"); // finds: use:HMAC hardcoded-key
