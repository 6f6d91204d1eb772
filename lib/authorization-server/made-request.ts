import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/**
 * A request that did not come over a connection, for code that takes Node's. It has what the library's
 * framework reads: method, address, headers, and a stream of the body.
 */
export function makeRequest({
  method,
  headers,
  body = "",
}: {
  method: string;
  headers: IncomingHttpHeaders;
  body?: string;
}): IncomingMessage {
  const stream = Readable.from(body === "" ? [] : [Buffer.from(body)], { objectMode: false });
  const members = {
    method,
    url: "/",
    headers,
    socket: {},
    httpVersion: "1.1",
    httpVersionMajor: 1,
    httpVersionMinor: 1,
  };
  return Object.assign(stream, members) as unknown as IncomingMessage;
}
