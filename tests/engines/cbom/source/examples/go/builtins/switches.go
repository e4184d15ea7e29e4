// Checks that a setting turns off, and checks that are off without one.
package tools

import (
	"crypto/tls"
	"crypto/x509"
	"os"
)

type Options struct {
	SkipVerify bool
	Legacy     bool
	Minimum    string
	Pool       *x509.CertPool
}

func configured(options Options) *tls.Config {
	config := &tls.Config{MinVersion: tls.VersionTLS12} // finds: use:TLSv1.2
	if options.SkipVerify && options.Pool == nil {
		config.InsecureSkipVerify = true // finds: use:TLS
	}
	if options.Pool == nil {
		config.InsecureSkipVerify = true // finds: use:TLS disabled-certificate-check
	}
	if options.Legacy {
		config.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0
	}
	switch options.Minimum {
	case "1.0":
		config.MinVersion = tls.VersionTLS10 // finds: use:TLSv1.0
	case "":
		config.MinVersion = tls.VersionTLS11 // finds: use:TLSv1.1 weak-protocol
	}
	return config
}

func fromEnvironment() *tls.Config {
	skip := false
	if os.Getenv("SERVICE_INSECURE") != "" {
		skip = true
	}
	return &tls.Config{InsecureSkipVerify: skip} // finds: use:TLS
}

var versions = map[string]uint16{
	"1.0": tls.VersionTLS10,
	"1.1": tls.VersionTLS11,
	"1.2": tls.VersionTLS12,
}

var suites = map[string]uint16{
	"3DES": tls.TLS_RSA_WITH_3DES_EDE_CBC_SHA,
	"GCM":  tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,
	"CBC":  tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
}

type Proxy struct {
	skipVerify bool
	maximum    string
	suite      string
}

func parse(words []string) *Proxy {
	proxy := &Proxy{skipVerify: false}
	for _, word := range words {
		switch word {
		case "skipverify":
			proxy.skipVerify = true
		}
	}
	return proxy
}

func (p *Proxy) config() *tls.Config {
	var maximum uint16
	if value, exists := versions[p.maximum]; exists {
		maximum = value
	}
	var list []uint16
	list = append(list, suites[p.suite])
	return &tls.Config{InsecureSkipVerify: p.skipVerify, MaxVersion: maximum, CipherSuites: list} // finds: use:TLSv1.0 use:TLSv1.1 use:TLSv1.2
}

func insecureConfig() *tls.Config {
	return &tls.Config{InsecureSkipVerify: true} // finds: use:TLS
}

func Configured(options Options) *tls.Config {
	if options.SkipVerify {
		return insecureConfig()
	}
	return &tls.Config{} // finds: use:TLS
}
