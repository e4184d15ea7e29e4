package keys

import (
	"crypto/des"
	"testing"
)

func TestOpen(t *testing.T) {
	open([]byte("0123456789abcdef"))
	des.NewCipher([]byte("01234567")) // finds: use:DES weak-cipher
}
