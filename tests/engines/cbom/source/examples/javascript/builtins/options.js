const { program, Command, Option } = require('commander');
const crypto = require('crypto');
const yargs = require('yargs');
const minimist = require('minimist');
const { parseArgs } = require('node:util');
program.option('-a, --key-algorithm <name>', 'cipher', 'aes-192-ecb').option('-n', 'x');
program.parse();
const opts = program.opts();
crypto.createCipheriv(opts.keyAlgorithm, k, null); // finds: use:AES ecb-mode
const cli = new Command();
cli.command('hash <file>').option('--name <n>', 'd', 'md5').action((file, o) => { crypto.createHash(o.name); }); // finds: use:MD5 weak-hash
cli.addOption(new Option('--bits <n>').default(512));
crypto.generateKeyPairSync('rsa', { modulusLength: Number(cli.opts().bits) }); // finds: use:RSA weak-key-size
const argv = yargs(process.argv).option('hash', { default: 'md4' }).options({ k: { default: 'abc' } }).argv;
crypto.createHash(argv.hash); crypto.createHmac('sha256', argv.k); // finds: use:MD4 weak-hash use:HMAC-SHA-256 hardcoded-key
yargs.command('x', 'y', (y) => y.option('h', { default: 'sha1' }), (a) => crypto.createHash(a.h)).parse(); // finds: use:SHA-1 weak-hash
crypto.createHash(minimist(process.argv, { default: { h: 'md5' } }).h); // finds: use:MD5 weak-hash
const { values } = parseArgs({ options: { h: { type: 'string', default: 'sha1' } } });
crypto.createHash(values.h); // finds: use:SHA-1 weak-hash
const z = require('zod').z;
const env = z.object({ SECRET: z.string().min(3).default('dev'), N: z.coerce.number().default(10), O: z.string() }).parse(process.env);
crypto.createHmac('sha256', env.SECRET); crypto.createHmac('sha256', env.O); // finds: use:HMAC-SHA-256 hardcoded-key
const convict = require('convict');
const conf = convict({ jwt: { secret: { doc: '', default: 'abc', env: 'X' } } });
crypto.createHmac('sha256', conf.get('jwt.secret')); // finds: use:HMAC-SHA-256 hardcoded-key
crypto.createHmac('sha256', conf.get('jwt').secret); // finds: use:HMAC-SHA-256 hardcoded-key
const _ = require('lodash');
function f(o) { const s = _.defaults({}, o, { alg: 'md5' }); return crypto.createHash(s.alg); } // finds: use:MD5 weak-hash
class Q { constructor(o) { Object.assign(this, { alg: 'md4' }, o); } h() { return crypto.createHash(this.alg); } } // finds: use:MD4 weak-hash
const sound = z.object({ HASH: z.string().default('sha256'), SECRET: z.string() }).extend({ MORE: z.string().min(1) });
crypto.createHash(sound.safeParse(process.env).data.HASH); // finds: use:SHA-256
crypto.createHmac('sha256', sound.safeParse(process.env).data.SECRET); // finds: use:HMAC-SHA-256
program.command('other').option('--hash <name>', 'md5').action((o) => crypto.createHash(o.hash));

// What is given may replace each default.
function derived(password, salt, given) {
  const options = { kdf: 'scrypt', ...given };
  if (options.kdf === 'pbkdf2') {
    return require('crypto').pbkdf2Sync(password, salt, 600000, 32, 'sha256'); // finds: use:PBKDF2
  }
  return require('crypto').scryptSync(password, salt, 32); // finds: use:scrypt
}
global.crypto.subtle.digest('SHA-1', salt); // finds: use:SHA-1 weak-hash
require('node-forge/lib/forge').md.sha1.create(); // finds: use:SHA-1 weak-hash
