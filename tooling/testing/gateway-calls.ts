/** Calls as they go through a gateway: byte for byte, over TLS where the gateway speaks it. */
import { request as requestHttp, type IncomingMessage } from "node:http";
import { request as requestHttps } from "node:https";
import type { TestCertificate } from "./certificates.ts";

export type Call = {
  method?: string;
  path?: string;
  headers?: Record<string, string>;
  body?: string;
  /** What the caller shows in the handshake of TLS. */
  certificate?: TestCertificate | undefined;
};

export type Answer = {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
};

/** An item of the API of the test's tenant. */
export const itemPath = "/orders/1.0.0/items/7";

/**
 * Sends a call with Node's own client: it sends paths as they are, where fetch would tidy them.
 *
 * @param origin of the gateway; over TLS, whatever certificate it shows
 */
export function send(
  origin: string,
  { method = "GET", path = itemPath, headers = {}, body = "", certificate }: Call,
): Promise<Answer> {
  const { protocol, hostname, port } = new URL(origin);
  const length = body === "" ? {} : { "Content-Length": Buffer.byteLength(body) };
  const options = { hostname, port, method, path, headers: { ...headers, ...length } };
  const own = certificate && { cert: certificate.certificate, key: certificate.privateKey };
  return new Promise((resolve, reject) => {
    const sent =
      protocol === "https:" ? requestHttps({ ...options, ...own, rejectUnauthorized: false }) : requestHttp(options);
    sent.once("response", (res) => void read(res).then(resolve, reject));
    sent.once("error", reject);
    sent.end(body);
  });
}

async function read(res: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of res as AsyncIterable<Buffer>) chunks.push(chunk);
  const text = Buffer.concat(chunks).toString();
  const body: unknown = text.startsWith("{") ? JSON.parse(text) : text;
  return { status: res.statusCode ?? 0, headers: res.headers, body };
}
