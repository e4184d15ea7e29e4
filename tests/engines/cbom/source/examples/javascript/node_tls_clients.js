const { app, session } = require('electron');
const tls = require('tls');
const puppeteer = require('puppeteer');

app.commandLine.appendSwitch('ignore-certificate-errors'); // finds: disabled-certificate-check
app.commandLine.appendSwitch('disable-gpu');
app.on('certificate-error', (event, contents, url, error, certificate, callback) => { // finds: disabled-certificate-check
  event.preventDefault();
  callback(true);
});
app.on('certificate-error', (event, contents, url, error, certificate, callback) => {
  callback(false);
});
session.defaultSession.setCertificateVerifyProc((request, callback) => callback(0)); // finds: disabled-certificate-check
session.defaultSession.setCertificateVerifyProc((request, callback) => callback(pinned(request) ? 0 : -2));
session.defaultSession.setCertificateVerifyProc((request, callback) => callback(-3));
puppeteer.launch({ ignoreHTTPSErrors: true }); // finds: disabled-certificate-check
puppeteer.launch({ ignoreHTTPSErrors: false });
tls.DEFAULT_MIN_VERSION = 'TLSv1'; // finds: use:TLSv1.0 weak-protocol
const options = { ciphers: 'RC4-SHA:DES-CBC3-SHA' }; // finds: use:RC4 use:3DES weak-cipher
const strong = { ciphers: 'ECDHE-RSA-AES256-GCM-SHA384', minVersion: 'TLSv1.3' }; // finds: use:TLSv1.3

sql.connect({ server: 'db', options: { encrypt: true, trustServerCertificate: true } }); // finds: disabled-certificate-check
sql.connect({ server: 'db', options: { encrypt: true, trustServerCertificate: false } });
