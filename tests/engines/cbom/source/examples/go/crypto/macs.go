package example

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha256"
)

func codes(key []byte) {
	hmac.New(sha256.New, key) // finds: use:HMAC-SHA-256
	hmac.New(md5.New, key)    // finds: use:HMAC-MD5 weak-hash
	hmac.New(sha256.New, []byte("secret")) // finds: use:HMAC-SHA-256 hardcoded-key
}
