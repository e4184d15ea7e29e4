package example

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"fmt"
)

type Sealer struct {
	aead  cipher.AEAD
	nonce []byte
	fixed []byte
}

func NewSealer(block cipher.Block) *Sealer {
	aead, _ := cipher.NewGCM(block)
	nonce := make([]byte, 12)
	rand.Read(nonce) // finds: use:CSPRNG
	return &Sealer{aead: aead, nonce: nonce, fixed: []byte("twelve bytes")}
}

func (s *Sealer) Kept(text []byte) []byte { return s.aead.Seal(nil, s.nonce, text, nil) } // finds: nonce-reuse

func (s *Sealer) Fixed(text []byte) []byte { return s.aead.Seal(nil, s.fixed, text, nil) } // finds: static-iv

func (s *Sealer) Fresh(text []byte) []byte {
	rand.Read(s.nonce) // finds: use:CSPRNG
	return s.aead.Seal(nil, s.nonce, text, nil)
}

func seal(aead cipher.AEAD, nonce, text []byte) []byte { return aead.Seal(nil, nonce, text, nil) } // finds: nonce-reuse

func twice(key, text []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	aead, _ := cipher.NewGCM(block) // finds: use:AES
	nonce := make([]byte, 12)
	rand.Read(nonce) // finds: use:CSPRNG
	seal(aead, nonce, text)
	seal(aead, nonce, text)
}

func sealOnce(aead cipher.AEAD, nonce, text []byte) []byte { return aead.Seal(nil, nonce, text, nil) }

func once(aead cipher.AEAD, texts [][]byte) {
	for _, text := range texts {
		nonce := make([]byte, 12)
		rand.Read(nonce) // finds: use:CSPRNG
		sealOnce(aead, nonce, text)
	}
}

func formatted(aead cipher.AEAD, number int, text []byte) {
	aead.Seal(nil, []byte(fmt.Sprintf("%012d", 7)), text, nil)       // finds: static-iv
	aead.Seal(nil, []byte(fmt.Sprintf("row-%s-%02d", "a", 1)), text, nil) // finds: static-iv
	aead.Seal(nil, []byte(fmt.Sprintf("%012d", number)), text, nil)
}

func ofKey(key, text []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	cipher.NewCBCEncrypter(block, key[:block.BlockSize()]) // finds: use:AES static-iv unauthenticated-mode
	cipher.NewCBCDecrypter(block, key[:block.BlockSize()]) // finds: use:AES unauthenticated-mode
	cipher.NewCTR(block, key[16:32]) // finds: use:AES unauthenticated-mode
}

func numbered(block cipher.Block, base, text []byte) {
	iv := make([]byte, 16)
	copy(iv[:12], base)
	binary.BigEndian.PutUint32(iv[12:], 3)
	cipher.NewCTR(block, iv)
}

type stream struct {
	aead  cipher.AEAD
	nonce []byte
}

func newStream(aead cipher.AEAD) *stream { return &stream{aead, make([]byte, aead.NonceSize())} }

func (s *stream) next(key, text []byte) []byte {
	block, _ := aes.NewCipher(key) // finds: use:AES
	aead, _ := cipher.NewGCM(block) // finds: use:AES
	nonce := make([]byte, 12)
	sealed := aead.Seal(nil, nonce, text, nil) // finds: use:AES
	increase(nonce)
	return aead.Seal(sealed, nonce, text, nil) // finds: use:AES
}

func increase(nonce []byte) {
	for i := range nonce {
		nonce[i]++
	}
}

type reply struct{ nonce [24]byte }

func answer(aead cipher.AEAD, text []byte) *reply {
	made := new(reply)
	rand.Read(made.nonce[:]) // finds: use:CSPRNG
	aead.Seal(nil, made.nonce[:], text, nil)
	return made
}

type segmentHMAC struct{ block cipher.Block }

func newSegment(key []byte) segmentHMAC {
	block, _ := aes.NewCipher(key) // finds: use:AES
	return segmentHMAC{block}
}

func (s segmentHMAC) encrypt(iv []byte) cipher.Stream { return cipher.NewCTR(s.block, iv) } // finds: use:AES
