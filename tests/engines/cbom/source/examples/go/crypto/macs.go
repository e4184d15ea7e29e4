package example

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
	"crypto/sha512"
)

func codes(key []byte) {
	hmac.New(sha256.New, key) // finds: use:HMAC-SHA-256
	hmac.New(md5.New, key)    // finds: use:HMAC-MD5 weak-hash
	hmac.New(sha256.New, []byte("secret")) // finds: use:HMAC-SHA-256 hardcoded-key
}

func variants(key []byte) {
	hmac.New(sha512.New384, key)     // finds: use:HMAC-SHA-384
	hmac.New(sha512.New512_256, key) // finds: use:HMAC-SHA-512/256
	hmac.New(sha256.New224, key)     // finds: use:HMAC-SHA-224
}

func derived(seed, message []byte) {
	label := hmac.New(sha256.New, []byte("master key")) // finds: use:HMAC-SHA-256
	label.Write(seed)
	signed := hmac.New(sha256.New, []byte("master key")) // finds: use:HMAC-SHA-256 hardcoded-key
	signed.Write(message)
}
