import https from 'https';
import axios from 'axios';
import { createProxyMiddleware } from 'http-proxy-middleware';
import * as tls from 'node:tls';

const agent = new https.Agent({ rejectUnauthorized: false }); // finds: use:TLS disabled-certificate-check
https.get('https://example.org', { rejectUnauthorized: false }); // finds: disabled-certificate-check
https.get('https://example.org', { rejectUnauthorized: true });
const database = {
  ssl: {
    rejectUnauthorized: false, // finds: disabled-certificate-check
    minVersion: 'TLSv1.1', // finds: use:TLSv1.1 weak-protocol
  },
};
axios.get('https://example.org', { httpsAgent: new https.Agent({ keepAlive: true }) }); // finds: use:TLS
tls.connect({ minVersion: 'TLSv1' }); // finds: use:TLS use:TLSv1.0 weak-protocol
tls.createServer({ minVersion: 'TLSv1.3' }); // finds: use:TLS use:TLSv1.3

const options = { host: 'example.org' };
options.rejectUnauthorized = false; // finds: disabled-certificate-check
https.request(options);
tls.connect({ checkServerIdentity: () => undefined, host: agent }); // finds: use:TLS disabled-certificate-check

function connect(insecure, name) {
  https.get('https://example.org', { rejectUnauthorized: insecure ? false : true });
  https.get('https://example.org', { rejectUnauthorized: name === 'a' ? true : false });
  https.get('https://example.org', { rejectUnauthorized: insecure ? false : undefined });
}

new MongoClient('mongodb://a', { tlsAllowInvalidCertificates: true }); // finds: disabled-certificate-check
new MongoClient('mongodb://a', { tlsAllowInvalidCertificates: false });
superagent.get('https://example.org').disableTLSCerts(); // finds: disabled-certificate-check
createProxyMiddleware({ target: 'https://example.org', secure: false }); // finds: disabled-certificate-check
createProxyMiddleware({ target: 'https://example.org', secure: true });
cookie.set({ secure: false });

const chosen = new https.Agent({ rejectUnauthorized: !given.ignoreErrors || false }); // finds: use:TLS
const byDefault = new https.Agent({ rejectUnauthorized: given.strict || false }); // finds: use:TLS disabled-certificate-check

https.createServer({ // finds: use:TLS
  minVersion: 'TLSv1', // finds: use:TLSv1.0 weak-protocol
});
