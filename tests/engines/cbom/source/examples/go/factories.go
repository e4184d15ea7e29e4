package example

import (
	"crypto"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/rc4"
	"crypto/rsa"
	"crypto/sha512"
	"hash"
)

func hashes(key, data []byte) {
	_ = crypto.Hash.New(crypto.MD5)                               // finds: use:MD5 weak-hash
	_ = crypto.Hash.New(crypto.SHA3_256)                          // finds: use:SHA3-256
	_ = hmac.New(crypto.SHA256.New, key)                          // finds: use:HMAC-SHA-256
	_ = hmac.New(func() hash.Hash { return sha512.New() }, key)   // finds: use:HMAC-SHA-512 use:SHA-512
	_ = hmac.New(func() hash.Hash { return chosen(data) }, key)   // finds: use:HMAC
}

func primes() {
	_, _ = rsa.GenerateMultiPrimeKey(rand.Reader, 3, 1024) // finds: use:RSA weak-key-size
	_, _ = rsa.GenerateMultiPrimeKey(rand.Reader, 3, 3072) // finds: use:RSA
}

// Blocks of a message, beside another cipher's stream.
func blocks(key, data []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	for i := 0; i < len(data); i += 16 {
		block.Encrypt(data[i:], data[i:i+16]) // finds: use:AES ecb-mode
	}
	stream, _ := rc4.NewCipher(key)  // finds: use:RC4 weak-cipher
	stream.XORKeyStream(data, data) // finds: use:RC4
}

// A subkey, and a stream under it.
func derived(key, id, data []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	subkey := make([]byte, 16)
	block.Encrypt(subkey, id)
	inner, _ := aes.NewCipher(subkey)  // finds: use:AES
	stream := cipher.NewCTR(inner, id) // finds: use:AES unauthenticated-mode
	stream.XORKeyStream(data, data)    // finds: use:AES
}

// A field that a constructor sets beside an error.
type sealer struct{ aead cipher.AEAD }

func newSealer(key []byte) (*sealer, error) {
	made := &sealer{}
	block, err := aes.NewCipher(key) // finds: use:AES
	if err != nil {
		return nil, err
	}
	made.aead, err = cipher.NewGCM(block) // finds: use:AES
	return made, err
}

func (s *sealer) seal(nonce, data []byte) []byte {
	return s.aead.Seal(nil, nonce, data, nil) // finds: use:AES
}
