package example

import (
	"crypto/des"
	"crypto/md5"
	"crypto/sha256"
)

func found(names []string, name string, data []byte) {
	position := -1
	for i, each := range names {
		if each == name {
			position = i
			break
		}
	}
	if position == -1 {
		return
	}
	md5.Sum(data) // finds: use:MD5 weak-hash
}

type request struct {
	algorithm string
}

func (r *request) make(data []byte) {
	if r.algorithm == "old" {
		md5.Sum(data) // finds: use:MD5 weak-hash
	} else {
		sha256.Sum256(data) // finds: use:SHA-256
	}
}

func standard() *request { return &request{algorithm: "new"} }

// Cipher is public: others may call it with another name than ours.
func Cipher(name string, key []byte) {
	if name == "des" {
		des.NewCipher(key) // finds: use:DES weak-cipher
	}
}

func ours(key []byte) { Cipher("aes", key) }

func digest(name string, data []byte) {
	if name == "md5" {
		md5.Sum(data)
	}
}

// Sum only ever takes one of the digests that it knows.
func Sum(data []byte) { digest("sha256", data) }
