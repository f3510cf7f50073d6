// SPDX-License-Identifier: EUPL-1.2
// A city's directory: the certified OpenID Connect provider `oidc-provider` with a login form of a few lines.

import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import Provider from "oidc-provider";

export const SECRET = "ein-geheimnis-fuer-die-tests-0815";

/** A port nobody has at this moment. */
export async function freePort() {
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const { port } = server.address();
  await new Promise((closed) => server.close(closed));
  return port;
}

function signingKey(type, options, alg) {
  const { privateKey } = generateKeyPairSync(type, options);
  return { ...privateKey.export({ format: "jwk" }), kid: alg, alg, use: "sig" };
}

const page = (body) => `<!doctype html><html lang="de"><link rel="icon" href="data:,"><title>Verzeichnis</title><body>${body}</body></html>`;

/**
 * Starts the provider for the E-Akte at `eakte`; the answer has `url`, `people` (name → claims, may be changed), `alg` of
 * the tokens and `stop()`.
 */
export async function startDirectory(eakte, { alg = "RS256" } = {}) {
  const people = new Map();
  const server = createServer();
  await new Promise((ready) => server.listen(0, "127.0.0.1", ready));
  const url = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(url, {
    clients: [
      {
        client_id: "eakte",
        client_secret: SECRET,
        grant_types: ["authorization_code"],
        response_types: ["code"],
        redirect_uris: [`${eakte}/anmelden/rueckkehr`],
        post_logout_redirect_uris: [`${eakte}/anmelden`],
        backchannel_logout_uri: `${eakte}/anmelden/abmeldung`,
        backchannel_logout_session_required: true,
        id_token_signed_response_alg: alg,
      },
    ],
    jwks: { keys: [signingKey("rsa", { modulusLength: 2048 }, "RS256"), signingKey("ec", { namedCurve: "P-256" }, "ES256")] },
    cookies: { keys: ["nur-fuer-tests"] },
    pkce: { required: () => true, methods: ["S256"] },
    claims: { openid: ["sub"], profile: ["name", "preferred_username", "groups"] },
    features: {
      devInteractions: { enabled: false },
      backchannelLogout: { enabled: true },
      rpInitiatedLogout: {
        enabled: true,
        postLogoutSuccessSource: (ctx) => {
          ctx.body = page("Abgemeldet");
        },
        logoutSource: (ctx, form) => {
          ctx.body = page(`${form}<button form="op.logoutForm" name="logout" value="yes">Ja, abmelden</button>`);
        },
      },
    },
    interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
    findAccount: (_, accountId) =>
      people.has(accountId) && { accountId, claims: () => ({ sub: accountId, ...people.get(accountId) }) },
    // The city's own program: nobody is asked for consent.
    loadExistingGrant: async (ctx) => {
      const grant = new ctx.oidc.provider.Grant({ clientId: "eakte", accountId: ctx.oidc.session.accountId });
      grant.addOIDCScope("openid profile");
      await grant.save();
      return grant;
    },
  });
  const answer = provider.callback();
  server.on("request", async (request, response) => {
    if (!request.url.startsWith("/interaction/")) return answer(request, response);
    if (request.method === "GET") {
      response.setHeader("content-type", "text/html; charset=utf-8");
      return response.end(page('<form method="post"><label>Name <input name="login"></label><button>Weiter</button></form>'));
    }
    let body = "";
    for await (const chunk of request) body += chunk;
    const accountId = new URLSearchParams(body).get("login");
    await provider.interactionFinished(request, response, { login: { accountId } });
  });
  return {
    url,
    people,
    async stop() {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}
