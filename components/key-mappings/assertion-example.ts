/** What an assertion says: the client, for whom it is meant, and that it holds for a minute and once (RFC 7523 §3). */
type Assertion = { consumerKey: string; tokenEndpoint: string };

/**
 * A program for Node that signs an assertion for the token endpoint (RFC 7523 §2.2) with an RSA key.
 *
 * @returns code that runs as shown beside a file `client-key.pem`
 */
export function assertionExample({ consumerKey, tokenEndpoint }: Assertion): string {
  const client = JSON.stringify(consumerKey || "your consumer key");
  return [
    `import { randomUUID, sign } from "node:crypto";`,
    `import { readFileSync } from "node:fs";`,
    "",
    `const encode = (part) => Buffer.from(JSON.stringify(part)).toString("base64url");`,
    "const now = Math.floor(Date.now() / 1000);",
    `const header = encode({ alg: "RS256", typ: "JWT" });`,
    "const claims = encode({",
    `  iss: ${client},`,
    `  sub: ${client},`,
    `  aud: ${JSON.stringify(tokenEndpoint)},`,
    "  iat: now,",
    "  exp: now + 60,",
    "  jti: randomUUID(),",
    "});",
    `const signature = sign("sha256", Buffer.from(\`\${header}.\${claims}\`), readFileSync("client-key.pem"));`,
    `console.log(\`\${header}.\${claims}.\${signature.toString("base64url")}\`);`,
  ].join("\n");
}
