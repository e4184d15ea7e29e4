package example

import (
	"crypto/tls"
	"net/http"
)

func configurations(verify bool) *http.Transport {
	_ = tls.Config{MinVersion: tls.VersionTLS12} // finds: use:TLSv1.2
	_ = &tls.Config{MinVersion: tls.VersionTLS10} // finds: use:TLSv1.0 weak-protocol
	_ = &tls.Config{MaxVersion: tls.VersionTLS11} // finds: use:TLS use:TLSv1.1 weak-protocol
	_ = tls.Config{MinVersion: 0x0301} // finds: use:TLS weak-protocol
	_ = tls.Config{InsecureSkipVerify: false} // finds: use:TLS
	config := &tls.Config{} // finds: use:TLS
	config.InsecureSkipVerify = true // finds: disabled-certificate-check
	config.MinVersion = tls.VersionTLS13 // finds: use:TLSv1.3
	_ = tls.Config{CipherSuites: []uint16{ // finds: use:TLS use:RC4 weak-cipher
		tls.TLS_RSA_WITH_RC4_128_SHA,
		tls.TLS_AES_128_GCM_SHA256,
	}}
	return &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}} // finds: use:TLS disabled-certificate-check
}

type Config struct{ InsecureSkipVerify bool }

func own() Config { return Config{InsecureSkipVerify: true} }
