package example

import (
	"crypto/rand"

	"github.com/cloudflare/circl/kem/mlkem/mlkem1024"
	"github.com/cloudflare/circl/kem/schemes"
	"github.com/cloudflare/circl/sign/ed448"
	"github.com/cloudflare/circl/sign/mldsa/mldsa65"
	"github.com/open-quantum-safe/liboqs-go/oqs"
)

func keys(name string) {
	_, _, _ = mlkem1024.GenerateKeyPair(rand.Reader) // finds: use:ML-KEM-1024
	_, _, _ = mldsa65.GenerateKey(rand.Reader)       // finds: use:ML-DSA-65
	_, _, _ = ed448.GenerateKey(rand.Reader)         // finds: use:Ed448 quantum-vulnerable
	scheme := schemes.ByName("ML-KEM-768")           // finds: use:ML-KEM-768
	_, _, _ = scheme.GenerateKeyPair()               // finds: use:ML-KEM-768
	_ = schemes.ByName(name)
	_ = mldsa65.SignatureSize
}

func names() {
	kem := oqs.KeyEncapsulation{}
	_ = kem.Init("ML-KEM-768", nil) // finds: use:ML-KEM-768
	_, _ = kem.GenerateKeyPair()    // finds: use:ML-KEM-768
}
