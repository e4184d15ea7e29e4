package example

import (
	"crypto/rand"
	"net"

	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/blowfish"
	"golang.org/x/crypto/chacha20poly1305"
	"golang.org/x/crypto/curve25519"
	"golang.org/x/crypto/md4"
	"golang.org/x/crypto/nacl/box"
	"golang.org/x/crypto/nacl/secretbox"
	"golang.org/x/crypto/nacl/sign"
	"golang.org/x/crypto/openpgp"
	"golang.org/x/crypto/pkcs12"
	"golang.org/x/crypto/scrypt"
	"golang.org/x/crypto/ssh"
)

func passwords(password, salt []byte) {
	bcrypt.GenerateFromPassword(password, bcrypt.DefaultCost) // finds: use:bcrypt
	bcrypt.GenerateFromPassword(password, bcrypt.MinCost)     // finds: use:bcrypt low-kdf-iterations
	scrypt.Key(password, salt, 32768, 8, 1, 32)               // finds: use:scrypt
	scrypt.Key(password, []byte("salt"), 1024, 8, 1, 32)      // finds: use:scrypt static-salt low-kdf-iterations
	argon2.IDKey(password, salt, 1, 64*1024, 4, 32)           // finds: use:Argon2id
}

func ciphers(key, message []byte, secret *[32]byte) {
	md4.New()                // finds: use:MD4 weak-hash
	blowfish.NewCipher(key)  // finds: use:Blowfish weak-cipher
	aead, _ := chacha20poly1305.New(key) // finds: use:ChaCha20-Poly1305
	aead.Seal(nil, make([]byte, 12), message, nil) // finds: static-iv
	var nonce [24]byte
	secretbox.Seal(nil, message, &nonce, secret) // finds: use:XSalsa20-Poly1305 static-iv
	rand.Read(nonce[:]) // finds: use:CSPRNG
	secretbox.Seal(nil, message, &nonce, secret) // finds: use:XSalsa20-Poly1305
}

func shell(key ssh.PublicKey) {
	_ = &ssh.ClientConfig{HostKeyCallback: ssh.InsecureIgnoreHostKey()} // finds: use:SSH disabled-certificate-check
	_ = &ssh.ClientConfig{HostKeyCallback: ssh.FixedHostKey(key)}       // finds: use:SSH
	config := &ssh.ClientConfig{} // finds: use:SSH
	config.HostKeyCallback = ssh.HostKeyCallback(func(host string, remote net.Addr, key ssh.PublicKey) error { // finds: disabled-certificate-check
		return nil
	})
	_ = &ssh.ClientConfig{ // finds: use:SSH
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error { return nil }, // finds: disabled-certificate-check
	}
	_ = &ssh.ClientConfig{ // finds: use:SSH
		HostKeyCallback: func(host string, remote net.Addr, key ssh.PublicKey) error { return known(host, key) },
	}
}

func messages(out, message []byte, peer, secret *[32]byte) {
	nonce := [24]byte{1}
	box.Seal(out, message, &nonce, peer, secret) // finds: use:XSalsa20-Poly1305 static-iv
	openpgp.SymmetricallyEncrypt(nil, []byte("passphrase"), nil, nil) // finds: use:RSA hardcoded-key
}

func exchanges() ssh.Config {
	return ssh.Config{ // finds: use:SSH
		KeyExchanges: []string{
			"curve25519-sha256",
			"diffie-hellman-group1-sha1", // finds: weak-hash
		},
		MACs: []string{"hmac-sha2-256", "hmac-md5"}, // finds: weak-hash
	}
}

func agreed(message []byte, peer, secret *[32]byte) {
	var shared [32]byte
	curve25519.ScalarMult(&shared, secret, peer) // finds: use:X25519
	chacha20poly1305.New(shared[:])              // finds: use:ChaCha20-Poly1305
}

func stored(message []byte, secret *[64]byte) {
	sign.Sign(nil, message, secret)       // finds: use:Ed25519
	pkcs12.Decode(message, "passphrase")  // finds: use:X.509 hardcoded-key
}
