package objects

import "testing"

func TestMake(t *testing.T) {
	maker := &KeyMaker{Bits: 2048, Large: 512}
	maker.Strong()
	hash(&Config{Cost: 4}, []byte("password"))
}
