package example

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/des"
	"crypto/ecdsa"
	"crypto/elliptic"
	md "crypto/md5"
	"crypto/pbkdf2"
	crand "crypto/rand"
	"crypto/rc4"
	"crypto/rsa"
	. "crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"io"
	"math/rand"
	"strconv"
)

var fixed = []byte("0123456789abcdef")

type box struct {
	block cipher.Block
	nonce []byte
}

// md.New() in a comment is nothing.
func digests(data []byte) {
	md.New()              // finds: use:MD5 weak-hash
	md.Sum(data)          // finds: use:MD5 weak-hash
	New()                 // finds: use:SHA-1 weak-hash
	sha256.Sum256(data)   // finds: use:SHA-256
	sha512.New384()       // finds: use:SHA-384
	crypto.SHA1.New()     // finds: use:SHA-1 weak-hash
	crypto.SHA256.New()   // finds: use:SHA-256
	_ = "md5.New()"
}

func ciphers(key []byte) ([]byte, error) {
	block, err := aes.NewCipher(key) // finds: use:AES
	if err != nil {
		return nil, err
	}
	des.NewCipher(key)          // finds: use:DES weak-cipher
	des.NewTripleDESCipher(key) // finds: use:3DES weak-cipher
	rc4.NewCipher(fixed)        // finds: use:RC4 weak-cipher hardcoded-key
	aes.NewCipher(fixed)        // finds: use:AES hardcoded-key
	aes.NewCipher([]byte("0123456789abcdef")[:16]) // finds: use:AES hardcoded-key
	iv := make([]byte, aes.BlockSize)
	cipher.NewCBCEncrypter(block, iv) // finds: use:AES unauthenticated-mode static-iv
	if _, err := io.ReadFull(crand.Reader, iv); err != nil { // finds: use:CSPRNG
		return nil, err
	}
	cipher.NewCTR(block, iv) // finds: use:AES unauthenticated-mode
	cipher.NewCBCDecrypter(block, fixed) // finds: use:AES unauthenticated-mode
	block.Encrypt(key, fixed) // finds: ecb-mode
	gcm, _ := cipher.NewGCM(block) // finds: use:AES
	nonce := make([]byte, gcm.NonceSize())
	gcm.Seal(nil, nonce, key, nil) // finds: static-iv
	other := make([]byte, 12)
	if _, err := crand.Read(other); err != nil { // finds: use:CSPRNG
		return nil, err
	}
	b := &box{block: block, nonce: other}
	return gcm.Seal(nil, b.nonce, key, nil), nil // finds: use:AES
}

func public(data []byte, private *rsa.PrivateKey) {
	const weak, strong = 1024, 3072
	rsa.GenerateKey(crand.Reader, weak)   // finds: use:RSA weak-key-size
	rsa.GenerateKey(crand.Reader, strong) // finds: use:RSA
	rsa.EncryptPKCS1v15(crand.Reader, &private.PublicKey, data) // finds: use:RSA weak-padding
	rsa.SignPKCS1v15(crand.Reader, private, crypto.SHA1, data)  // finds: use:RSA weak-hash
	rsa.SignPKCS1v15(crand.Reader, private, crypto.SHA256, data) // finds: use:RSA
	ecdsa.GenerateKey(elliptic.P256(), crand.Reader)             // finds: use:ECDSA
}

func passwords(password string, salt []byte) {
	pbkdf2.Key(sha256.New, password, salt, 600_000, 32) // finds: use:PBKDF2
	pbkdf2.Key(sha256.New, password, salt, 4096, 32)    // finds: use:PBKDF2 low-kdf-iterations
	pbkdf2.Key(sha256.New, password, fixed, 600_000, 32) // finds: use:PBKDF2 static-salt
}

func secrets() string {
	dice := rand.Intn(6) + 1
	token := strconv.Itoa(rand.Int()) // finds: weak-random
	_ = dice
	return token
}

type MD5 struct{}

func (m MD5) New() int { return 0 }

func own() {
	var md5 MD5
	md5.New()
}
