package keys

import "crypto/aes"

func open(key []byte) {
	aes.NewCipher(key) // finds: use:AES
}
