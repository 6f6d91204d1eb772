import type { IncomingMessage, ServerResponse } from "node:http";

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
export function answerEmpty(res: ServerResponse, status: number, headers: Record<string, string>): void {
  headers["Content-Length"] = "0";
  headers["Cache-Control"] = "no-store";
  res.writeHead(status, headers);
  res.end();
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
