package example

import (
	"crypto/sha1"
	"crypto/sha256"

	"golang.org/x/crypto/pbkdf2"
)

func hashPbkdf2(password string, salt []byte) []byte {
	return pbkdf2.Key([]byte(password), salt, 1000, 32, sha1.New) // finds: use:PBKDF2 low-kdf-iterations
}

func bcryptPbkdf2(password string, salt []byte) []byte {
	return pbkdf2.Key([]byte(password), salt, 1000, 32, sha256.New) // finds: use:PBKDF2 low-kdf-iterations
}

func scryptKey(password, salt []byte) []byte {
	return pbkdf2.Key(password, salt, 1, 64, sha256.New) // finds: use:PBKDF2
}
