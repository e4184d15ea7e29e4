package objects

import (
	"crypto"
	"crypto/cipher"
	"crypto/rand"
	"crypto/rsa"

	"golang.org/x/crypto/bcrypt"
)

func hash(config *Config, password []byte) ([]byte, error) {
	return bcrypt.GenerateFromPassword(password, config.Cost) // finds: use:bcrypt low-kdf-iterations
}

func (k *KeyMaker) Make() (crypto.Signer, error) {
	return rsa.GenerateKey(rand.Reader, k.Bits) // finds: use:RSA weak-key-size
}

func (k *KeyMaker) Strong() (crypto.Signer, error) {
	return rsa.GenerateKey(rand.Reader, k.Large) // finds: use:RSA
}

func (b *Box) encrypt(target, source []byte) {
	b.block.Encrypt(target, source) // finds: ecb-mode
}

func (b *Box) stream() cipher.Stream {
	return cipher.NewCTR(b.block, b.iv) // finds: use:AES static-iv unauthenticated-mode
}

func (b *Box) sealed(text []byte) []byte {
	nonce := make([]byte, 12)
	rand.Read(nonce) // finds: use:CSPRNG
	return b.aead.Seal(nonce, nonce, text, nil) // finds: use:AES
}
