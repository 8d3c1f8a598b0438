// An OpenID provider on one HTTPS port of 127.0.0.1: provider.mjs FOLDER, where
// the certificates ca.pem and good.pem lie. Calls: start, stop, rotate (other
// keys from now on, the old ones gone).

import { generateKeyPairSync, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';

import { load, serve } from './peer.mjs';

// Standard output is for answers; it would warn that this is only a test.
console.info = () => {};
console.warn = () => {};

const { default: Provider } = await load('oidc-provider');
const folder = process.argv[2];

// Services whose tokens are not JWTs signed with ES256.
const resources = {
  'api://orders-rsa': {
    audience: 'api://orders',
    jwt: { sign: { alg: 'PS256' } },
  },
  'api://opaque': {
    accessTokenFormat: 'opaque',
  },
};

const client = {
  client_secret: 'secret',
  grant_types: ['client_credentials'],
  id_token_signed_response_alg: 'ES256',
  redirect_uris: [],
  response_types: [],
  token_endpoint_auth_method: 'client_secret_basic',
};

const clients = [
  { ...client, client_id: 'shop' },
  { ...client, client_id: 'gateway' },
  { ...client, client_id: 'bank', dpop_bound_access_tokens: true },
  {
    ...client,
    client_id: 'machine',
    client_secret: undefined,
    token_endpoint_auth_method: 'tls_client_auth',
    tls_client_auth_san_dns: 'client',
    tls_client_certificate_bound_access_tokens: true,
  },
];

function certificate(ctx) {
  return ctx.socket.getPeerX509Certificate?.();
}

function features() {
  return {
    devInteractions: { enabled: false },
    clientCredentials: { enabled: true },
    introspection: {
      enabled: true,
      allowedPolicy: (ctx, asking) => asking.clientId === 'gateway',
    },
    revocation: { enabled: true },
    dPoP: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => 'api://orders',
      getResourceServerInfo: (ctx, name) => ({
        scope: 'orders:read orders:write',
        audience: name,
        accessTokenFormat: 'jwt',
        accessTokenTTL: 600,
        jwt: { sign: { alg: 'ES256' } },
        ...resources[name],
      }),
    },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      tlsClientAuth: true,
      getCertificate: certificate,
      certificateAuthorized: (ctx) => ctx.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) =>
        certificate(ctx).subjectAltName === `DNS:${expected}`,
    },
  };
}

function newKeys() {
  const pairs = [
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['PS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
  ];

  return pairs.map(([alg, { privateKey }]) => ({
    ...privateKey.export({ format: 'jwk' }),
    kid: randomUUID(),
    alg,
    use: 'sig',
  }));
}

let answer;

const server = createServer({
  key: readFileSync(`${folder}/good.key`),
  cert: readFileSync(`${folder}/good.pem`),
  ca: readFileSync(`${folder}/ca.pem`),
  requestCert: true,
  rejectUnauthorized: false,
}, (req, res) => answer(req, res));

// The port is ours only while we listen: who has it meanwhile will go.
async function listen(port) {
  for (let tries = 0; ; tries += 1) {
    try {
      await new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, '127.0.0.1', resolve);
      });
      return server.address().port;
    } catch (err) {
      if (err.code !== 'EADDRINUSE' || tries > 300) throw err;
      await sleep(100);
    }
  }
}

const port = await listen(0);
const issuer = `https://127.0.0.1:${port}`;

function rotate() {
  const provider = new Provider(issuer, {
    clients,
    cookies: { keys: [randomUUID()] },
    features: features(),
    clientAuthMethods: ['client_secret_basic', 'tls_client_auth'],
    jwks: { keys: newKeys() },
    scopes: ['openid'],
  });
  answer = provider.callback();
}

rotate();

await serve({
  issuer: () => issuer,
  rotate,
  start: () => listen(port),
  stop: () => new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  }),
});
