package example

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"math/big"
	weak "math/rand"

	"golang.org/x/crypto/scrypt"
)

// A function whose callers compute a MAC.

func Encipher(key, iv, text []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text) // finds: use:AES
}

func Upload(key, tagKey, iv, text []byte) []byte {
	Encipher(key, iv, text)
	tag := hmac.New(sha256.New, tagKey) // finds: use:HMAC-SHA-256
	tag.Write(text)
	return tag.Sum(nil)
}

func Bare(key, iv, text []byte) {
	block, _ := aes.NewCipher(key) // finds: use:AES
	cipher.NewCBCEncrypter(block, iv).CryptBlocks(text, text) // finds: use:AES unauthenticated-mode
}

func Backup(key, iv, text []byte) { Bare(key, iv, text) }

func Archive(key, tagKey, iv, text []byte) []byte {
	Bare(key, iv, text)
	tag := hmac.New(sha256.New, tagKey) // finds: use:HMAC-SHA-256
	return tag.Sum(text)
}

// Salts that may have failed, and that begin with a label.

func characters(count int) (string, error) {
	made := make([]byte, count)
	for position := range made {
		number, err := rand.Int(rand.Reader, big.NewInt(10)) // finds: use:CSPRNG
		if err != nil {
			return "", err
		}
		made[position] = "0123456789"[number.Int64()]
	}
	return string(made), nil
}

func stretched(password, folder string) {
	salt, _ := characters(10)
	label := "folder"
	if folder != "" {
		label += folder
	}
	scrypt.Key([]byte(password), []byte(salt), 1<<16, 8, 1, 32)     // finds: use:scrypt
	scrypt.Key([]byte(password), []byte(label), 1<<16, 8, 1, 32)    // finds: use:scrypt
	scrypt.Key([]byte(password), []byte("folder"), 1<<16, 8, 1, 32) // finds: use:scrypt static-salt
	scrypt.Key([]byte(password), []byte(""), 1<<16, 8, 1, 32)       // finds: use:scrypt static-salt
}

// Generators with a source of the program's own, and objects that are chosen by a number.

type secure struct{}

func (secure) Seed(int64) {}

func (secure) Int63() int64 {
	var made [8]byte
	rand.Read(made[:]) // finds: use:CSPRNG
	return int64(binary.BigEndian.Uint64(made[:]) >> 1)
}

var secured, guessed = weak.New(secure{}), weak.New(weak.NewSource(1)) // finds: static-seed

func tokens() (string, string) {
	token := string(rune('a' + secured.Intn(26)))
	secret := string(rune('a' + guessed.Intn(26))) // finds: weak-random
	return token, secret
}

type issuer struct{ name string }

func (one *issuer) issue(subject string) string { return one.name + subject }

func issue(issuers []*issuer) string {
	var pool []*issuer
	for _, each := range issuers {
		pool = append(pool, each)
	}
	token := pool[weak.Intn(len(pool))].issue("subject")
	return token
}

// The first key of a Noise handshake is its public name.

func handshake(prologue []byte) {
	state := []byte("Noise_XX_25519_AESGCM_SHA256")
	first := sha256.Sum256(append(state, "prologue"...)) // finds: use:SHA-256
	var key []byte = state
	if prologue != nil {
		key = first[:]
	}
	aes.NewCipher(key) // finds: use:AES
	aes.NewCipher([]byte("sixteen letters!")) // finds: use:AES hardcoded-key
}
