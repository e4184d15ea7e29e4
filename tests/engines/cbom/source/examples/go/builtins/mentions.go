package example

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/tls"
	"hash"
	"io"

	"golang.org/x/crypto/chacha20poly1305"
)

var digests = map[string]func() hash.Hash{
	"md5":    md5.New,    // finds: use:MD5 weak-hash
	"sha256": sha256.New, // finds: use:SHA-256
}

func digest(name string) hash.Hash { return digests[name]() } // finds: use:MD5 use:SHA-256

func chosen(name string) func() hash.Hash {
	if name == "sha1" {
		return sha1.New // finds: use:SHA-1 weak-hash
	}
	return sha256.New // finds: use:SHA-256
}

type codes struct {
	key  []byte
	hash func() hash.Hash
}

func newCodes(key []byte) *codes {
	return &codes{key: key, hash: sha1.New} // finds: use:SHA-1
}

func (c *codes) sum() hash.Hash { return hmac.New(c.hash, c.key) } // finds: use:HMAC-SHA-1

func read(from io.Reader, make func() hash.Hash) []byte {
	made := make() // finds: use:MD5
	io.Copy(made, from)
	return made.Sum(nil)
}

func name(from io.Reader) []byte {
	return read(from, md5.New) // finds: use:MD5 weak-hash
}

func here(data []byte) [16]byte {
	sum := md5.Sum // finds: use:MD5
	return sum(data) // finds: use:MD5 weak-hash
}

var ciphers = []func([]byte) (cipher.AEAD, error){chacha20poly1305.New} // finds: use:ChaCha20-Poly1305

var old = []uint16{
	tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,           // finds: use:3DES weak-cipher
	tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, // finds: use:AES
}

func configured() *tls.Config {
	replaced := &tls.Config{MinVersion: tls.VersionTLS10} // finds: use:TLSv1.0
	replaced.MinVersion = tls.VersionTLS12                // finds: use:TLSv1.2
	replaced.CipherSuites = append(old, tls.TLS_RSA_WITH_RC4_128_SHA) // finds: use:RC4 weak-cipher
	return replaced
}

func size() cipher.Block {
	block, _ := aes.NewCipher([]byte("0123456789abcdef0123456789abcdef")) // finds: use:AES hardcoded-key
	return block
}

func assigned(name string, key []byte) hash.Hash {
	made := sha1.New // finds: use:SHA-1
	if name == "sha256" {
		made = sha256.New // finds: use:SHA-256
	}
	return hmac.New(made, key) // finds: use:HMAC-SHA-1
}

type ownMode struct{ block cipher.Block }

func newOwnMode(key []byte) *ownMode {
	block, _ := aes.NewCipher(key) // finds: use:AES
	return &ownMode{block}
}

func wrapped(key, text []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	buffer := append([]byte{}, text...)
	block.Encrypt(buffer, buffer)
	block.Encrypt(buffer[:16], text[:16]) // finds: ecb-mode
}

func (o *ownMode) XORKeyStream(target, source []byte) {
	o.block.Encrypt(target, source)
}
