func fragments(data, key []byte, token string) {
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{ // finds: use:TLS
		InsecureSkipVerify: true,             // finds: use:TLS disabled-certificate-check
		MinVersion:         tls.VersionTLS10, // finds: use:TLSv1.0 weak-protocol
	}}}
	_, _ = rsa.GenerateKey(rand.Reader, 1024) // finds: use:RSA weak-key-size
	_ = md5.Sum(data)                         // finds: use:MD5 weak-hash
	block, _ := des.NewCipher(key)            // finds: use:DES weak-cipher
	_ = cipher.NewCTR(block, data)            // finds: use:DES
	sessionToken := rand.Intn(1000000)        // finds: weak-random
	_, _ = bcrypt.GenerateFromPassword(data, 4) // finds: use:bcrypt low-kdf-iterations
	_, _, _ = new(jwt.Parser).ParseUnverified(token, claims) // finds: use:JSON_Web_Signature unverified-signature
	store := sessions.NewCookieStore([]byte("constant session key")) // finds: use:HMAC-SHA-256 hardcoded-key
}

type digest struct{}

func (digest) Sum(data []byte) []byte { return data }

var sha1 = digest{}

func own(data []byte) []byte {
	return sha1.Sum(data)
}

func given(tls Settings, cipher Own, data []byte) {
	_ = tls.Config
	cipher.NewOFB(data, data)
}
