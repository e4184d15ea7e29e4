package example

import (
	"crypto/aes"
	"crypto/cipher"
	"net"
)

type material struct {
	key []byte
	iv  []byte
}

type connection struct {
	net.Conn
	material
}

type pair struct {
	block cipher.Block
	name  string
}

func (p pair) once(out, in []byte) {
	p.block.Encrypt(out, in) // finds: ecb-mode
}

func embedded(inner net.Conn, key, in, out []byte) {
	own := material{key: []byte("0123456789abcdef"), iv: make([]byte, 16)}
	whole := &connection{Conn: inner, material: own}
	block, err := aes.NewCipher(whole.key) // finds: use:AES hardcoded-key
	if err != nil {
		return
	}
	cipher.NewCTR(block, whole.iv) // finds: use:AES static-iv unauthenticated-mode
	given, _ := aes.NewCipher(key) // finds: use:AES
	pair{given, "given"}.once(out, in)
}
