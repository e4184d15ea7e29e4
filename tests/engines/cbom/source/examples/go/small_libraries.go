package example

import (
	"github.com/pion/dtls/v2"
	"os"

	"filippo.io/age"
	"github.com/alexedwards/argon2id"
	"github.com/btcsuite/btcd/btcec/v2"
	"github.com/ethereum/go-ethereum/crypto"
	"github.com/minio/sha256-simd"
	"github.com/pquerna/otp/totp"
	"github.com/tjfoc/gmsm/sm4"
	"lukechampine.com/blake3"
)

func uses(data []byte, secret, password string) {
	_, _ = age.GenerateX25519Identity()                                 // finds: use:X25519 quantum-vulnerable
	_, _ = age.NewScryptRecipient("correct horse")                      // finds: use:scrypt hardcoded-key
	_, _ = age.NewScryptRecipient(os.Getenv("PASSPHRASE"))              // finds: use:scrypt
	_, _ = argon2id.CreateHash(password, argon2id.DefaultParams)        // finds: use:Argon2id
	_, _ = argon2id.CreateHash(password, &argon2id.Params{Memory: 512}) // finds: use:Argon2id low-kdf-iterations
	_, _ = btcec.NewPrivateKey()                                        // finds: use:ECDSA quantum-vulnerable
	_ = crypto.Keccak256(data)                                          // finds: use:Keccak
	_ = sha256.Sum256(data)                                             // finds: use:SHA-256
	_ = blake3.Sum256(data)                                             // finds: use:BLAKE3
	_ = totp.Validate("123456", secret)                                 // finds: use:HMAC-SHA-1
	_, _ = sm4.Sm4Ecb([]byte("1234567890abcdef"), data, true)           // finds: use:SM4 ecb-mode hardcoded-key
}

func datagrams(key []byte) {
	_ = &dtls.Config{ // finds: use:DTLS
		PSK: func(hint []byte) ([]byte, error) { return []byte{1, 2, 3, 4}, nil }, // finds: use:DTLS hardcoded-key
	}
	_ = &dtls.Config{PSK: func(hint []byte) ([]byte, error) { return key, nil }} // finds: use:DTLS
	_ = &dtls.Config{InsecureSkipVerify: true} // finds: use:DTLS disabled-certificate-check
}
