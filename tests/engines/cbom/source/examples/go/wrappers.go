package example

import (
	"crypto/aes"
	"os"

	"github.com/ProtonMail/gopenpgp/v2/helper"
	"github.com/andreburgaud/crypt2go/ecb"
	"github.com/duke-git/lancet/v2/cryptor"
	gm "github.com/emmansun/gmsm/sm4"
	"github.com/forgoer/openssl"
	"github.com/gogf/gf/v2/crypto/gaes"
	"github.com/gogf/gf/v2/crypto/gdes"
	"github.com/gogf/gf/v2/crypto/gmd5"
	"github.com/minio/sio"
)

func wrapped(data, key, iv []byte, text string) {
	_ = cryptor.AesEcbEncrypt(data, key)                       // finds: use:AES ecb-mode
	_ = cryptor.AesGcmEncrypt(data, key)                       // finds: use:AES
	_ = cryptor.AesCbcEncrypt(data, []byte("0123456789abcdef")) // finds: use:AES unauthenticated-mode hardcoded-key
	_ = cryptor.DesCbcEncrypt(data, key)                       // finds: use:DES weak-cipher unauthenticated-mode
	_ = cryptor.Md5String(text)                                // finds: use:MD5 weak-hash
	_ = cryptor.Sha256(text)                                   // finds: use:SHA-256
	cryptor.GenerateRsaKey(1024, "private.pem", "public.pem")  // finds: use:RSA weak-key-size
	_ = cryptor.RsaEncrypt(data, "public.pem")                 // finds: use:RSA weak-padding
	_, _ = gmd5.Encrypt(text)                                  // finds: use:MD5 weak-hash
	_, _ = gdes.EncryptECB(data, key, 0)                       // finds: use:DES weak-cipher ecb-mode
	_, _ = gaes.Encrypt(data, key)                             // finds: use:AES static-iv unauthenticated-mode
	_, _ = gaes.Encrypt(data, key, iv)                         // finds: use:AES unauthenticated-mode
	_, _ = openssl.AesECBEncrypt(data, key, "PKCS7")           // finds: use:AES ecb-mode
	_, _ = openssl.Des3CBCEncrypt(data, key, iv, "PKCS7")      // finds: use:3DES weak-cipher unauthenticated-mode
	block, _ := aes.NewCipher(key)                             // finds: use:AES
	_ = ecb.NewECBEncrypter(block)                             // finds: use:AES ecb-mode
	_, _ = gm.NewCipher(key)                                   // finds: use:SM4
	_ = sio.Config{Key: []byte(os.Getenv("KEY"))}              // finds: use:AES
	_, _ = helper.GenerateKey("a", "b", key, "rsa", 1024)      // finds: use:RSA weak-key-size
	_, _ = helper.GenerateKey("a", "b", key, "x25519", 0)
}

func authenticated(text string) {
	_ = cryptor.HmacSha256(text, "a constant key")             // finds: use:HMAC-SHA-256 hardcoded-key
}
