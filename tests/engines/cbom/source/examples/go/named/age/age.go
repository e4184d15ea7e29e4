// Package age has the last name of the library that it uses.
package age

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/sha256"
	"io"

	"filippo.io/age"
	"golang.org/x/crypto/hkdf"
)

func Open(sealed io.Reader, text string) (io.Reader, error) {
	identity, err := age.ParseX25519Identity(text) // finds: use:X25519
	if err != nil {
		return nil, err
	}
	return age.Decrypt(sealed, identity) // finds: use:ChaCha20-Poly1305
}

func must[T any](made T, err error) T {
	if err != nil {
		panic(err)
	}
	return made
}

// Parts of a buffer that was filled have sizes of their own.
func expanded(secret []byte) (cipher.Block, []byte) {
	made := make([]byte, 112)
	source := hkdf.New(sha256.New, secret, nil, nil) // finds: use:HKDF
	source.Read(made)
	mac := hmac.New(sha256.New, made[48:80]) // finds: use:HMAC-SHA-256
	block := must(aes.NewCipher(made[16:48])) // finds: use:AES
	return block, mac.Sum(nil)
}
