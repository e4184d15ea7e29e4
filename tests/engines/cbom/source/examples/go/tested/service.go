package tested

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"errors"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/crypto/argon2"
)

// What a test gives to fields isn't the program's.

type Registration struct{ secret string }

func NewRegistration(secret string) *Registration { return &Registration{secret: secret} }

func (one *Registration) Code(name []byte) []byte {
	mac := hmac.New(sha256.New, []byte(one.secret)) // finds: use:HMAC-SHA-256
	return mac.Sum(name)
}

func seal(key, nonce, text []byte) []byte {
	block, _ := aes.NewCipher(key)             // finds: use:AES
	aead, _ := cipher.NewGCM(block)            // finds: use:AES
	return aead.Seal(nil, nonce, text, nil)    // finds: use:AES
}

func initSelfTestGCM() bool {
	return len(seal([]byte("sixteen letters!"), make([]byte, 12), nil)) == 16
}

// A function that fails gives zero.

func memory(given uint64) (uint32, error) {
	if given > 1<<30 {
		return 0, errors.New("too much")
	}
	return uint32(given), nil
}

func hashed(password []byte, given uint64) []byte {
	salt := make([]byte, 16)
	rand.Read(salt) // finds: use:CSPRNG
	cost, _ := memory(given)
	return argon2.IDKey(password, salt, 3, cost, 1, 32) // finds: use:Argon2id
}

// A token tells its issuer, whose keys verify it then.

func claims(ctx context.Context, raw string) (*oidc.IDToken, error) {
	stated := jwt.MapClaims{}
	if _, _, err := new(jwt.Parser).ParseUnverified(raw, stated); err != nil { // finds: use:JSON_Web_Signature
		return nil, err
	}
	provider, err := oidc.NewProvider(ctx, stated["iss"].(string))
	if err != nil {
		return nil, err
	}
	return provider.Verifier(&oidc.Config{ClientID: "client"}).Verify(ctx, raw) // finds: use:JSON_Web_Signature
}

func stated(raw string) error {
	_, _, err := new(jwt.Parser).ParseUnverified(raw, jwt.MapClaims{}) // finds: unverified-signature
	return err
}
