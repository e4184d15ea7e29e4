package example

import (
	"flag"

	"golang.org/x/crypto/bcrypt"
	"crypto/rand"
	"crypto/rsa"
)

func inside(custom bool, bits int) {
	size := 1024
	if custom {
		size = bits
	}
	if size >= 2048 {
		rsa.GenerateKey(rand.Reader, size) // finds: use:RSA quantum-vulnerable
	}
	rsa.GenerateKey(rand.Reader, size) // finds: use:RSA weak-key-size quantum-vulnerable
}

func behind(custom bool, bits int) {
	size := 1024
	if custom {
		size = bits
	}
	if custom && size < 2048 {
		return
	}
	rsa.GenerateKey(rand.Reader, size) // finds: use:RSA weak-key-size quantum-vulnerable
	if size < 2048 {
		return
	}
	rsa.GenerateKey(rand.Reader, size) // finds: use:RSA quantum-vulnerable
}

var cost = flag.Int("cost", 4, "of bcrypt")

func optional(password []byte) ([]byte, error) {
	return bcrypt.GenerateFromPassword(password, *cost) // finds: use:bcrypt low-kdf-iterations
}
