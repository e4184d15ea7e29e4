package tokens

import (
	"crypto/hmac"
	"hash"
)

type Timed struct{ secret string }

func (timed *Timed) Make(kind func() hash.Hash) []byte {
	return hmac.New(kind, []byte(timed.secret)).Sum(nil) // finds: use:HMAC use:HMAC-SHA-1
}
