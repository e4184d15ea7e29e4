package example

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"fmt"
	mathrand "math/rand"

	"golang.org/x/crypto/argon2"
)

func versions() {
	_ = tls.Config{MaxVersion: 0x0301} // finds: use:TLSv1.0 weak-protocol
	config := &tls.Config{}            // finds: use:TLS
	config.MaxVersion = 0x0302         // finds: use:TLS weak-protocol
	config.CipherSuites = []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256} // finds: use:AES weak-protocol
	_ = tls.Config{CipherSuites: []uint16{tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA}} // finds: use:TLS use:AES
}

func agreement(peer *ecdh.PublicKey) {
	key, _ := ecdh.P256().GenerateKey(rand.Reader) // finds: use:ECDH quantum-vulnerable
	key.ECDH(peer)                                 // finds: use:ECDH quantum-vulnerable
}

func guess() []byte {
	sum := sha256.Sum256([]byte(fmt.Sprintf("id-%d", mathrand.Uint32()))) // finds: use:SHA-256 weak-random
	return sum[:]
}

func derived(password string, salt []byte) {
	ed25519.NewKeyFromSeed(guess()) // finds: use:Ed25519 quantum-vulnerable
	sha256.Sum256([]byte(password)) // finds: use:SHA-256 weak-kdf
	md5.Sum(salt)                   // finds: use:MD5 weak-hash
	argon2.IDKey([]byte(password), salt, 3, 64*1024, 4, 32) // finds: use:Argon2id
	argon2.IDKey([]byte(password), salt, 3, 1024, 4, 32)    // finds: use:Argon2id low-kdf-iterations
}
