package example

import (
	"crypto"
	"crypto/aes"
	"encoding/base64"
	"encoding/hex"
	"strings"

	"example.com/program/names"
)

const local = "0123456789" + `abcdef`

func keys(given string) {
	aes.NewCipher([]byte(local)) // finds: use:AES hardcoded-key
	aes.NewCipher([]byte(names.Key)) // finds: use:AES hardcoded-key
	aes.NewCipher([]byte(strings.Repeat("a", 32))) // finds: use:AES hardcoded-key
	decoded, _ := hex.DecodeString("000102030405060708090a0b0c0d0e0f")
	aes.NewCipher(decoded) // finds: use:AES hardcoded-key
	coded, err := base64.StdEncoding.DecodeString("MDEyMzQ1Njc4OWFiY2RlZg==")
	if err != nil {
		panic(err)
	}
	aes.NewCipher(coded) // finds: use:AES hardcoded-key
	aes.NewCipher([]byte(given)) // finds: use:AES
	key := make([]byte, 16)
	copy(key, given)
	aes.NewCipher(key) // finds: use:AES
	aes.NewCipher([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}) // finds: use:AES hardcoded-key
}

func digest(strict bool) {
	h := crypto.MD5
	if strict {
		h = crypto.SHA256
	}
	h.New() // finds: use:MD5 use:SHA-256 weak-hash
	switch 3 {
	case 1:
		h = crypto.MD5
	case 3:
		h = crypto.SHA512
	}
	h.New() // finds: use:SHA-512
	made(crypto.SHA384)
	sibling(crypto.SHA224)
}

func made(h crypto.Hash) {
	h.New() // finds: use:SHA-384
}
