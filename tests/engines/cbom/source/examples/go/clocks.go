package example

import (
	"fmt"
	"math/rand"
	"time"
)

func a() string {
	r := rand.New(rand.NewSource(time.Now().UnixNano())) // finds: static-seed
	password := fmt.Sprintf("%08d", r.Intn(100000000)) // finds: weak-random
	return password
}

func b() []byte {
	rand.Seed(time.Now().Unix()) // finds: static-seed
	key := make([]byte, 32)
	rand.Read(key) // finds: weak-random
	return key
}

func c() int {
	r := rand.New(rand.NewSource(time.Now().UTC().UnixNano()))
	fmt.Println(time.Now().Unix())
	return r.Intn(6)
}
