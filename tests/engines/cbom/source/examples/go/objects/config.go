package objects

import (
	"crypto/aes"
	"crypto/cipher"
)

type Config struct{ Cost int }

func Default() *Config { return &Config{Cost: 6} }

type KeyMaker struct {
	Bits  int
	Large int
}

func makers() map[string]any {
	return map[string]any{"old": &KeyMaker{Bits: 1024, Large: 3072}}
}

type Box struct {
	block cipher.Block
	aead  cipher.AEAD
	iv    []byte
}

func NewBox(key []byte) *Box {
	block, _ := aes.NewCipher(key)   // finds: use:AES
	aead, _ := cipher.NewGCM(block) // finds: use:AES
	box := &Box{block: block, aead: aead}
	box.iv = []byte("0123456789abcdef")
	return box
}
