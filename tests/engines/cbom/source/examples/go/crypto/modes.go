package example

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	hash "crypto/sha1"
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"net/url"
)

func codebook(block cipher.Block, out, message []byte) {
	size := block.BlockSize()
	for i := 0; i < len(message); i += size {
		block.Encrypt(out[i:i+size], message[i:i+size])
	}
}

func blocks(key, message []byte) ([]byte, error) {
	block, err := aes.NewCipher(key) // finds: use:AES
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(message))
	for rest, to := message, out; len(rest) > 0; rest, to = rest[16:], to[16:] {
		block.Encrypt(to, rest[:16]) // finds: ecb-mode
	}
	for i := 0; i < len(out); i += 16 {
		block.Decrypt(out[i:i+16], message[i:i+16]) // finds: ecb-mode
	}
	padded := pad(message)
	block.Encrypt(out, padded)            // finds: ecb-mode
	block.Encrypt(out, []byte("message")) // finds: ecb-mode
	return out, nil
}

func pad(message []byte) []byte { return append(message, bytes.Repeat([]byte{1}, 16)...) }

type codebookMode struct {
	block cipher.Block
	size  int
}

func newCodebookMode(key []byte) *codebookMode {
	block, _ := aes.NewCipher(key) // finds: use:AES
	return &codebookMode{block, block.BlockSize()}
}

func (m *codebookMode) CryptBlocks(to, from []byte) {
	for len(from) > 0 {
		m.block.Encrypt(to, from[:m.size]) // finds: ecb-mode
		from, to = from[m.size:], to[m.size:]
	}
}

func (m *codebookMode) derive(out, salt []byte) {
	input := make([]byte, 16)
	for i := uint16(0); i < 4; i++ {
		binary.BigEndian.PutUint16(input, i)
		m.block.Encrypt(out[i*16:], input)
	}
	m.block.Encrypt(out, salt)
}

func (m *codebookMode) protect(packet, sample []byte) {
	var mask [16]byte
	m.block.Encrypt(mask[:], sample)
	packet[0] ^= mask[0] & 0x0f
}

func (m *codebookMode) chained(out, message []byte) {
	previous := make([]byte, 16)
	for i := 0; i < len(message); i += 16 {
		subtle.XORBytes(previous, previous, message[i:i+16])
		m.block.Encrypt(out[i:i+16], previous)
	}
}

type traced struct{ block cipher.Block }

func tracedOf(key []byte) traced {
	block, _ := aes.NewCipher(key) // finds: use:AES
	return traced{block}
}

func (t traced) BlockSize() int { return t.block.BlockSize() }

func (t traced) Encrypt(to, from []byte) { t.block.Encrypt(to, from) }

func values(first []byte) url.Values {
	return url.Values{"first": {fmt.Sprintf("%x", hash.Sum(first))}} // finds: use:SHA-1 weak-hash
}

func hardened(key, text []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	for i := 0; i < len(text); i += 16 {
		for j := 0; j < 64; j++ {
			block.Encrypt(text[i:i+16], text[i:i+16])
		}
	}
	for i, n := 0, 16; i < len(text); i, n = i+16, n+16 {
		block.Encrypt(text[i:n], text[i:n]) // finds: ecb-mode
	}
}
