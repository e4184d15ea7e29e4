package example

import (
	"bytes"
	"os"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/mac"
	"github.com/tink-crypto/tink-go/v2/signature"
)

func handles() {
	_, _ = keyset.NewHandle(aead.AES256GCMKeyTemplate())         // finds: use:AES
	_, _ = keyset.NewHandle(aead.XChaCha20Poly1305KeyTemplate()) // finds: use:XChaCha20-Poly1305
	_, _ = keyset.NewHandle(mac.HMACSHA256Tag256KeyTemplate())   // finds: use:HMAC-SHA-256
	_, _ = keyset.NewHandle(signature.ECDSAP256KeyTemplate())    // finds: use:ECDSA quantum-vulnerable
	_, _ = keyset.NewHandle(signature.ED25519KeyTemplate())      // finds: use:Ed25519 quantum-vulnerable
}

func keys(given []byte) {
	_, _ = insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewBufferString(`{"primaryKeyId":1}`))) // finds: hardcoded-key
	file, _ := os.Open("keyset.json")
	_, _ = insecurecleartextkeyset.Read(keyset.NewJSONReader(file))
	_, _ = insecurecleartextkeyset.Read(keyset.NewBinaryReader(bytes.NewReader(given)))
}
