package named

import (
	"crypto/sha1"

	"example.org/named/tokens"
)

// The type of a field, of a package whose first file uses no library.

type manager struct{ timed *tokens.Timed }

func (one *manager) token() []byte { return one.timed.Make(sha1.New) } // finds: use:SHA-1
