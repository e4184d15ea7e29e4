package example

import "crypto"

func sibling(h crypto.Hash) {
	h.New() // finds: use:SHA-224
}
