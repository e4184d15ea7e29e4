package example

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"

	"github.com/coder/websocket"
)

func configurations(verify bool) *http.Transport {
	_ = tls.Config{MinVersion: tls.VersionTLS12} // finds: use:TLSv1.2
	_ = &tls.Config{MinVersion: tls.VersionTLS10} // finds: use:TLSv1.0 weak-protocol
	_ = &tls.Config{MaxVersion: tls.VersionTLS11} // finds: use:TLSv1.1 weak-protocol
	_ = tls.Config{MinVersion: 0x0301} // finds: use:TLS weak-protocol
	_ = tls.Config{InsecureSkipVerify: false} // finds: use:TLS
	config := &tls.Config{} // finds: use:TLS
	config.InsecureSkipVerify = true // finds: use:TLS disabled-certificate-check
	config.MinVersion = tls.VersionTLS13 // finds: use:TLSv1.3
	_ = tls.Config{CipherSuites: []uint16{ // finds: use:TLS
		tls.TLS_RSA_WITH_RC4_128_SHA, // finds: use:RC4 weak-cipher
		tls.TLS_AES_128_GCM_SHA256, // finds: use:AES
	}}
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // finds: use:TLS disabled-certificate-check
}

type Config struct{ InsecureSkipVerify bool }

func own() Config { return Config{InsecureSkipVerify: true} }

func transports(transport *http.Transport, given unknownConfig) *http.Transport {
	transport.TLSClientConfig.InsecureSkipVerify = true // finds: use:TLS disabled-certificate-check
	_ = &tls.Config{InsecureSkipVerify: true, VerifyConnection: func(state tls.ConnectionState) error { return check(state) }} // finds: use:TLS
	_ = tls.Config{InsecureSkipVerify: true, VerifyPeerCertificate: func(raw [][]byte, chains [][]*x509.Certificate) error { return nil }} // finds: use:TLS disabled-certificate-check
	return &http.Transport{
		TLSClientConfig: &tls.Config{ // finds: use:TLS
			ServerName:         "example.org",
			InsecureSkipVerify: true,             // finds: use:TLS disabled-certificate-check
			MaxVersion:         tls.VersionTLS11, // finds: use:TLSv1.1 weak-protocol
		},
	}
}

func certificates() x509.Certificate {
	return x509.Certificate{SignatureAlgorithm: x509.SHA1WithRSA} // finds: use:X.509 weak-hash
}

type embedded struct{ tls.Config }

func inherited(config *embedded) { config.InsecureSkipVerify = true } // finds: use:TLS disabled-certificate-check

func checked(config *tls.Config, check func(tls.ConnectionState) error) {
	config.InsecureSkipVerify = true
	config.VerifyConnection = check
}

func unchecked(config *tls.Config) {
	config.InsecureSkipVerify = true // finds: use:TLS disabled-certificate-check
	config.VerifyConnection = nil
}

func versions(name string) *tls.Config {
	return &tls.Config{MinVersion: versionOf(name)} // finds: use:TLSv1.0 use:TLSv1.1 use:TLSv1.2
}

func versionOf(name string) uint16 {
	switch name {
	case "1.0":
		return tls.VersionTLS10
	case "1.1":
		return tls.VersionTLS11
	}
	return tls.VersionTLS12
}

func appended(config *tls.Config) {
	config.CipherSuites = append(config.CipherSuites,
		tls.TLS_AES_128_GCM_SHA256,   // finds: use:AES
		tls.TLS_RSA_WITH_RC4_128_SHA, // finds: use:RC4 weak-cipher
	)
}

var origins = websocket.AcceptOptions{InsecureSkipVerify: true}

func settings(minimum uint16) *tls.Config {
	return &tls.Config{ // finds: use:TLS
		MinVersion: minimum, // finds: use:TLS
	}
}

func carried(check func([][]byte, [][]*x509.Certificate) error) *tls.Config {
	config := &tls.Config{VerifyPeerCertificate: check} // finds: use:TLS
	config.InsecureSkipVerify = true
	return config
}

func chosen(config *tls.Config, version int) {
	switch version {
	case 10:
		config.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0
	case 11:
		config.MinVersion = tls.VersionTLS11 // finds: use:TLSv1.1
	case 12:
		config.MinVersion = tls.VersionTLS12 // finds: use:TLSv1.2
	}
}

func lowered(config *tls.Config, old bool) {
	if old {
		config.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0 weak-protocol
	}
}

func encrypted(data, password []byte) {
	x509.EncryptPEMBlock(nil, "KEY", data, password, x509.PEMCipherDES)    // finds: use:EVP_BytesToKey use:DES weak-cipher weak-kdf
	x509.EncryptPEMBlock(nil, "KEY", data, password, x509.PEMCipherAES256) // finds: use:EVP_BytesToKey use:AES weak-kdf
}

func several(one, two, three *tls.Config) {
	one.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0 weak-protocol
	two.MinVersion = tls.VersionTLS11 // finds: use:TLSv1.1 weak-protocol
	three.MinVersion = tls.VersionTLS12 // finds: use:TLSv1.2
}
