const { Client, Server, utils } = require('ssh2');
const Sftp = require('ssh2-sftp-client');

const connection = new Client();
connection.on('ready', () => connection.end());
connection.connect({ // finds: use:SSH weak-cipher:3DES weak-hash:SHA-1
  host: 'example.org',
  algorithms: {
    cipher: ['aes256-gcm@openssh.com', '3des-cbc'],
    kex: ['curve25519-sha256', 'diffie-hellman-group1-sha1'],
    hmac: ['hmac-sha2-256'],
  },
});

new Sftp().connect({ // finds: use:SSH
  host: 'example.org',
  algorithms: { cipher: ['aes256-gcm@openssh.com'] },
  hostVerifier: () => true, // finds: use:SSH disabled-certificate-check
});
new Client().connect({ host: 'example.org', hostVerifier: (key) => key.equals(known) }); // finds: use:SSH
new Server({ hostKeys: [] }, () => {}); // finds: use:SSH
utils.generateKeyPairSync('rsa', { bits: 1024 }); // finds: use:RSA weak-key-size
utils.generateKeyPairSync('ed25519'); // finds: use:Ed25519
utils.parseKey(process.env.KEY); // finds: use:
