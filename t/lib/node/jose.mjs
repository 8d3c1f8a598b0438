// npm's jose, to mint what the gateway must take and to judge what it was
// given: keys, mint, judge and assertion are the calls.

import { webcrypto } from 'node:crypto';

import { load, serve } from './peer.mjs';

const jose = await load('jose');

// The key of each algorithm, which is its kid. Ed448 signs as EdDSA: this library
// does not know the newer name.
const asymmetric = {
  RS256: 'RSA', RS384: 'RSA', RS512: 'RSA',
  PS256: 'RSA', PS384: 'RSA', PS512: 'RSA',
  ES256: 'P-256', ES384: 'P-384', ES512: 'P-521',
  EdDSA: 'Ed25519', Ed25519: 'Ed25519',
};
const symmetric = { HS256: 32, HS384: 48, HS512: 64 };

const secrets = new Map();
const pairs = new Map();

for (const [alg, bytes] of Object.entries(symmetric)) {
  secrets.set(alg, webcrypto.getRandomValues(new Uint8Array(bytes)));
}

for (const [alg, kid] of [...Object.entries(asymmetric), ['EdDSA', 'Ed448']]) {
  if (!pairs.has(kid)) {
    const crv = kid.startsWith('Ed') ? kid : undefined;
    pairs.set(kid, await jose.generateKeyPair(alg, { crv, extractable: true }));
  }
}

const published = await Promise.all([...pairs].map(
  async ([kid, { publicKey }]) => ({ ...await jose.exportJWK(publicKey), kid }),
));

// As the gateway is configured: the key is the one that the header names, or
// the only one that fits its algorithm.
const find = jose.createLocalJWKSet({ keys: published });

function key(header, token) {
  if (!symmetric[header.alg]) return find(header, token);
  if ((header.kid ?? header.alg) === header.alg) return secrets.get(header.alg);
  throw new jose.errors.JWKSNoMatchingKey();
}

async function verdict(token, options) {
  try {
    await jose.jwtVerify(token, key, options);
    return 'accepted';
  } catch (err) {
    return err.code ?? err.message;
  }
}

await serve({
  keys: () => ({
    public: { keys: published },
    secret: {
      keys: [...secrets].map(([alg, bytes]) => ({
        kty: 'oct', kid: alg, alg, k: jose.base64url.encode(bytes),
      })),
    },
  }),

  mint({ alg, claims, typ, kid = asymmetric[alg] ?? alg }) {
    return new jose.SignJWT(claims)
      .setProtectedHeader({ alg, typ, kid })
      .sign(secrets.get(alg) ?? pairs.get(kid).privateKey);
  },

  judge: ({ tokens, options }) => Promise.all(
    tokens.map((token) => verdict(token, options)),
  ),

  // What a service makes of an assertion, with keys that it fetches.
  async assertion({ token, keys, options }) {
    const set = jose.createRemoteJWKSet(new URL(keys));
    const { payload, protectedHeader } = await jose.jwtVerify(token, set, options);
    return { payload, header: protectedHeader };
  },
});
