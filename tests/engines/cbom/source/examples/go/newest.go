package example

import (
	"crypto"
	"crypto/ecdh"
	"crypto/elliptic"
	"crypto/mlkem"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha3"
	"net/smtp"

	"github.com/ProtonMail/go-crypto/openpgp/packet"
	"golang.org/x/crypto/ssh"
)

func encapsulated() {
	key, _ := mlkem.GenerateKey768()                    // finds: use:ML-KEM-768
	_, sealed := key.EncapsulationKey().Encapsulate()   // finds: use:ML-KEM-768
	_, _ = key.Decapsulate(sealed)                      // finds: use:ML-KEM-768
}

func agreed(peer *ecdh.PublicKey) {
	key, _ := ecdh.X25519().GenerateKey(rand.Reader)         // finds: use:X25519
	_, _ = key.ECDH(peer)                                    // finds: use:X25519
	_, _, _, _ = elliptic.GenerateKey(elliptic.P521(), rand.Reader) // finds: use:ECDH
}

func hashed(data []byte) {
	_ = sha3.NewSHAKE128()           // finds: use:SHAKE128
	_ = sha3.SumSHAKE256(data, 64)   // finds: use:SHAKE256
}

func signed(key *rsa.PrivateKey, digest []byte) {
	_, _ = key.Sign(rand.Reader, digest, crypto.SHA256) // finds: use:RSA
}

func mailed(user, secret string) {
	_ = smtp.CRAMMD5Auth(user, secret)              // finds: use:HMAC-MD5 weak-hash
	_ = smtp.PlainAuth("", user, "hunter2", "mail") // finds: hardcoded-key
	_ = smtp.PlainAuth("", user, secret, "mail")
}

func configured(config *ssh.ClientConfig) {
	config.Ciphers = []string{"aes128-ctr", "arcfour128", "3des-cbc"} // finds: weak-cipher:RC4 weak-cipher:3DES
	config.MACs = []string{"hmac-sha2-256"}
	_ = &packet.Config{
		DefaultCipher: packet.Cipher3DES, // finds: use:3DES weak-cipher
		DefaultHash:   crypto.SHA1,       // finds: use:SHA-1 weak-hash
		RSABits:       1024,              // finds: weak-key-size
	}
	_ = &packet.Config{DefaultHash: crypto.SHA256, RSABits: 3072} // finds: use:SHA-256
}
