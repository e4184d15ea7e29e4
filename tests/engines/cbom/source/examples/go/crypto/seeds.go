package example

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	weak "math/rand"
	randv2 "math/rand/v2"
	"time"
)

func seeded() string {
	made := weak.New(weak.NewSource(42)) // finds: static-seed
	token := fmt.Sprint(made.Int())      // finds: weak-random
	return token
}

func timed() string {
	made := weak.New(weak.NewSource(time.Now().Unix())) // finds: static-seed
	token := fmt.Sprint(made.Int()) // finds: weak-random
	return token
}

func maze() int { return weak.New(weak.NewSource(7)).Intn(9) }

func secretKey() [32]byte {
	var made [32]byte
	source := randv2.New(randv2.NewPCG(1, 2)) // finds: static-seed
	for i := 0; i < 32; i += 8 {
		binary.LittleEndian.PutUint64(made[i:], source.Uint64()) // finds: weak-random
	}
	return made
}

func strong() string {
	var seed [32]byte
	rand.Read(seed[:]) // finds: use:CSPRNG
	token := fmt.Sprint(randv2.New(randv2.NewChaCha8(seed)).Uint64())
	return token
}

func piecewise(password string, text []byte) {
	hash := sha256.New()          // finds: use:SHA-256
	hash.Write([]byte(password))  // finds: weak-kdf
	other := sha256.New()         // finds: use:SHA-256
	other.Write(text)
	io.WriteString(other, "text")
}
