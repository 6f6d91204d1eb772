import { validateHeaderName, validateHeaderValue, type IncomingMessage, type ServerResponse } from "node:http";

/** Sends JSON that nobody may keep. */
export function answerJson(
  res: ServerResponse,
  status: number,
  { body, headers }: { body: unknown; headers?: Record<string, string> | undefined },
): void {
  const text = JSON.stringify(body);
  res.writeHead(status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    ...headers,
  });
  res.end(text);
}

/** Sends headers alone, which nobody may keep. */
export function answerEmpty(res: ServerResponse, status: number, headers: Readonly<Record<string, string>>): void {
  res.writeHead(status, { ...headers, "Content-Length": "0", "Cache-Control": "no-store" });
  res.end();
}

/** Headers that go out again and again. */
export class StandingHeaders {
  readonly all: Readonly<Record<string, string>>;
  #written: string | undefined;

  constructor(all: Readonly<Record<string, string>>) {
    this.all = all;
  }

  /**
   * Their lines (RFC 9112 §5), checked as Node checks them.
   *
   * @throws {TypeError} where one could not be sent
   */
  get written(): string {
    this.#written ??= Object.entries(this.all).map(lineOf).join("");
    return this.#written;
  }
}

function lineOf([name, value]: [string, string]): string {
  validateHeaderName(name);
  validateHeaderValue(name, value);
  return `${name}: ${value}\r\n`;
}

/**
 * Sends 200 with headers alone, as `answerEmpty` does. To check and join the same headers for every call is a sixth of what a
 * call costs, so that they are written once. Node has no way to hand over what is written: it keeps it in `_header` until
 * it is sent, and takes what is there already.
 */
export function answerStanding(res: ServerResponse, headers: StandingHeaders): void {
  // Where the connection ends with the answer, or others have a say in its headers, Node knows better what to write.
  const isOrdinary = res.shouldKeepAlive && !res.headersSent && res.getHeaderNames().length === 0;
  if (!isOrdinary) return answerEmpty(res, 200, headers.all);
  const head = `HTTP/1.1 200 OK\r\n${headers.written}${endOfHead()}`;
  res.statusCode = 200;
  Object.assign(res, { _header: head });
  res.end();
}

let writtenAt = 0;
let lastEnd = "";

/** The last lines of a head without a body after it; the same for a second (RFC 9110 §6.6.1). */
function endOfHead(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== writtenAt) {
    const lines = ["Content-Length: 0", "Cache-Control: no-store", `Date: ${new Date(second * 1000).toUTCString()}`];
    lastEnd = `${lines.join("\r\n")}\r\nConnection: keep-alive\r\n\r\n`;
    writtenAt = second;
  }
  return lastEnd;
}

/**
 * Reads a request's body.
 *
 * @returns null where it is larger than allowed; the rest is not read
 */
export function readBody(req: IncomingMessage, maximumBytes: number): Promise<string | null> {
  return new Promise((resolve, reject) => {
    // One that announces no body may have ended before anybody listens (`endsEmptyRequests` of the front door).
    if (req.readableEnded) return resolve("");
    const chunks: Buffer[] = [];
    let length = 0;
    req.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length <= maximumBytes) chunks.push(chunk);
      else resolve(null);
    });
    req.on("end", () => resolve((chunks.length === 1 ? chunks[0] : Buffer.concat(chunks))?.toString("utf8") ?? ""));
    req.on("error", reject);
  });
}
