// An OpenID provider with one client and any account, at the port and for the redirect addresses in the arguments.
import { createServer } from "node:http";

import { Provider } from "oidc-provider";

const [port, ...returnAddresses] = process.argv.slice(2);
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [
    {
      client_id: "client",
      client_secret: "the client's secret",
      redirect_uris: returnAddresses,
      grant_types: ["authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code"],
    },
  ],
  claims: { openid: ["sub"], email: ["email"], groups: ["groups"], overage: ["hasgroups"], domain: ["hd"] },
  scopes: ["openid", "offline_access", "email", "groups", "overage", "domain"],
  cookies: { keys: ["of the test"] },
  features: { deviceFlow: { enabled: true }, revocation: { enabled: true } },
  issueRefreshToken: async (context, client, code) => code.scopes.has("offline_access"),
  findAccount: (context, id) => ({
    accountId: id,
    claims: () => ({ sub: id, email: `${id}@example.com`, groups: ["staff"], hasgroups: true, hd: "example.com" }),
  }),
});
const accessed = new Set(); // Refresh tokens that were revoked, for the test to ask about.
provider.on("refresh_token.destroyed", (token) => accessed.add(token.jti));
const serve = provider.callback();
createServer((request, response) => {
  if (request.url === "/revoked") {
    response.end(String(accessed.size));
  } else {
    serve(request, response);
  }
}).listen(Number(port), "127.0.0.1", () => console.log("ready"));
