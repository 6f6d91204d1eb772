import { parse } from "secure-json-parse";
import { withPlainNames } from "./json-names.ts";

export type JsonLimits = {
  /** Nested arrays and objects. */
  maximumDepth: number;
  /** Object keys and array elements altogether. */
  maximumItems: number;
};

const defaultLimits: JsonLimits = { maximumDepth: 32, maximumItems: 20_000 };

/**
 * Parses JSON that somebody else wrote. Depth, size and doubled keys are checked on the text, before
 * anything is built from it; `__proto__` and `constructor.prototype` are dropped.
 *
 * @throws {SyntaxError} when the text is no JSON (RFC 8259) or breaks a limit
 */
export function parseUntrustedJson(text: string, limits: Partial<JsonLimits> = {}): unknown {
  const plain = withPlainNames(text);
  checkStructure(plain, { ...defaultLimits, ...limits });
  return parse(plain, { protoAction: "remove", constructorAction: "remove" }) as unknown;
}

type Level = { keys: Set<string> | null; expectsKey: boolean };

/** One pass over a text whose names hold no escapes. It does not validate: what it lets through, the parser still has to accept. */
function checkStructure(text: string, limits: JsonLimits): void {
  const levels: Level[] = [];
  let items = 0;
  const count = () => {
    items += 1;
    if (items > limits.maximumItems) throw new SyntaxError(`more than ${limits.maximumItems} items`);
  };
  for (let at = 0; at < text.length; at += 1) {
    const level = levels.at(-1);
    switch (text.charCodeAt(at)) {
      case 0x7b: // {
      case 0x5b: // [
        if (levels.length >= limits.maximumDepth) throw new SyntaxError(`deeper than ${limits.maximumDepth} levels`);
        levels.push(text[at] === "{" ? { keys: new Set(), expectsKey: true } : { keys: null, expectsKey: false });
        count();
        break;
      case 0x7d: // }
      case 0x5d: // ]
        levels.pop();
        break;
      case 0x2c: // ,
        count();
        if (level?.keys) level.expectsKey = true;
        break;
      case 0x22: {
        const end = endOfString(text, at);
        if (level?.keys && level.expectsKey) {
          const key = text.slice(at + 1, end);
          if (level.keys.has(key)) throw new SyntaxError("a key stands twice in one object");
          level.keys.add(key);
          level.expectsKey = false;
        }
        at = end;
        break;
      }
    }
  }
}

function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) at += 1;
    else if (code === 0x22) return at;
  }
  throw new SyntaxError("a text does not end");
}
