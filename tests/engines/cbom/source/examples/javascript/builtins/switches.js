// Checks that a setting turns off, and checks that are off without one.
const https = require('https');

const DEBUG = true;

function byOption(options, agent) {
  if (options.strictSSL === false) process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0'; // finds: use:TLS
  if (process.env.NODE_ENV === 'development') https.get({ rejectUnauthorized: false }); // finds: use:TLS
  if (process.env.NODE_ENV !== 'production') https.get({ rejectUnauthorized: false }); // finds: use:TLS disabled-certificate-check
  if (!options.ca) https.get({ rejectUnauthorized: false }); // finds: use:TLS disabled-certificate-check
  if (DEBUG) https.get({ rejectUnauthorized: false }); // finds: use:TLS disabled-certificate-check
  switch (options.name) {
    case 'accept_invalid_certs':
      agent.options.rejectUnauthorized = false; // finds: use:TLS
      break;
    case 'proxy':
      agent.options.rejectUnauthorized = false; // finds: use:TLS disabled-certificate-check
  }
  https.get({ ...(options.selfSigned && { rejectUnauthorized: false }) }); // finds: use:TLS
  https.get({ ...(options.proxy && { rejectUnauthorized: false }) }); // finds: use:TLS disabled-certificate-check
  https.get({ rejectUnauthorized: options.insecure ? false : undefined });
  https.get({ rejectUnauthorized: options.proxy ? false : undefined }); // finds: use:TLS disabled-certificate-check
}

byOption(settings, https.globalAgent);
