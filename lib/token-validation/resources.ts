export type SnapshotResource = {
  method: string;
  /** Path template, "/orders/{id}"; a trailing "/*" matches the rest. */
  path: string;
  /** A token needs any one of them; none means no scope is asked. */
  scopes: readonly string[];
};

/**
 * Finds the resource of an API that a request is about. The rules are strict because a backend may read a
 * path more generously than we do; wherever two readings exist, the request matches nothing or the
 * resource with the scopes, never a laxer one:
 *
 * - The query and fragment do not count. Segments are compared one by one, percent-decoded on both sides,
 *   so `/%6frders` is `/orders`.
 * - One trailing slash does not count: `/orders/` is `/orders`.
 * - Matching is case-sensitive, and a path that differs from a literal only in case is no resource: it
 *   does not fall through to a laxer template.
 * - Literals win over parameters, parameters over a trailing `/*`, segment by segment. `/*` matches one or
 *   more segments, and the bare prefix too.
 * - Nothing matches a path with an empty segment (`//`), a dot segment, an encoded slash or backslash, a
 *   raw backslash, a control character, a malformed or doubled percent-encoding, or invalid UTF-8.
 * - A segment with a semicolon (matrix parameters) matches only a literal that contains it.
 * - Of two templates that spell the same paths, the first counts that asks for a scope.
 * - HEAD without a resource of its own is GET. Override headers are never looked at.
 */
export class ResourceTable {
  readonly #roots = new Map<string, Node>();

  constructor(resources: readonly SnapshotResource[]) {
    for (const resource of resources) this.#add(resource);
  }

  /**
   * @param method upper-case HTTP method
   * @param path the path inside the API, beginning with a slash; "" is "/"
   */
  find(method: string, path: string): SnapshotResource | null {
    const segments = readSegments(path);
    if (!segments) return null;
    const found = this.#match(method, segments) ?? (method === "HEAD" ? this.#match("GET", segments) : null);
    return found === blocked ? null : found;
  }

  /**
   * What comes near a path for which `find` finds nothing, to be told to people.
   *
   * @returns the methods with which the path exists, and the paths of resources that differ from it in capital and small
   *   letters alone
   */
  near(path: string): { methods: string[]; otherLetters: string[] } {
    const segments = readSegments(path);
    if (!segments) return { methods: [], otherLetters: [] };
    const [methods, otherLetters] = [new Set<string>(), new Set<string>()];
    for (const [method, root] of this.#roots) {
      const found = walk(root, segments, 0);
      const meant = found === blocked ? walkFolded(root, segments, 0) : null;
      if (meant) otherLetters.add(meant.path);
      else if (found) methods.add(method);
    }
    return { methods: [...methods], otherLetters: [...otherLetters] };
  }

  #match(method: string, segments: readonly string[]): SnapshotResource | typeof blocked | null {
    const root = this.#roots.get(method);
    return root ? walk(root, segments, 0) : null;
  }

  #add(resource: SnapshotResource): void {
    const takesRest = /\/\*\/?$/.test(resource.path);
    const segments = readSegments(resource.path.replace(/\/\*\/?$/, ""), { isTemplate: true });
    // A template that can be read in two ways serves nothing.
    if (!segments) return;
    const method = resource.method.toUpperCase();
    let node = this.#roots.get(method);
    if (!node) this.#roots.set(method, (node = emptyNode()));
    for (const segment of segments) node = step(node, segment);
    if (takesRest) node.rest = stricter(node.rest, resource);
    else node.resource = stricter(node.resource, resource);
  }
}

type Node = {
  /** By folded literal, so that a path in other letters is recognised, and refused. */
  literals: Map<string, { exact: Map<string, Node> }>;
  parameter: Node | null;
  /** Ends here. */
  resource: SnapshotResource | null;
  /** Anything below. */
  rest: SnapshotResource | null;
};

/** Of two templates that spell the same paths, the first that asks for a scope. */
function stricter(known: SnapshotResource | null, other: SnapshotResource): SnapshotResource {
  return known === null || (known.scopes.length === 0 && other.scopes.length > 0) ? other : known;
}

/** The path is a literal's in other letters: no laxer template may take it. */
const blocked = Symbol("blocked");

function emptyNode(): Node {
  return { literals: new Map(), parameter: null, resource: null, rest: null };
}

const beyondAscii = /[^\x00-\x7f]/;

/** The same for whatever a backend may take for the same letters: some compare capitals, and İ, ı and ſ have i and s among theirs. */
function fold(segment: string): string {
  if (!beyondAscii.test(segment)) return segment.toLowerCase();
  return segment.toUpperCase().toLowerCase().replaceAll("i\u0307", "i");
}

function step(node: Node, segment: string): Node {
  if (segment.startsWith("{") && segment.endsWith("}")) return (node.parameter ??= emptyNode());
  const folded = fold(segment);
  let literal = node.literals.get(folded);
  if (!literal) node.literals.set(folded, (literal = { exact: new Map() }));
  let next = literal.exact.get(segment);
  if (!next) literal.exact.set(segment, (next = emptyNode()));
  return next;
}

function walk(node: Node, segments: readonly string[], at: number): SnapshotResource | typeof blocked | null {
  const segment = segments[at];
  if (segment === undefined) return node.resource ?? node.rest;

  const literal = node.literals.get(fold(segment));
  const exact = literal?.exact.get(segment);
  const byLiteral = exact && walk(exact, segments, at + 1);
  if (byLiteral) return byLiteral;
  if (literal && !exact && leadsSomewhere(literal.exact, segments, at + 1)) return blocked;
  if (segment.includes(";")) return null;

  const byParameter = node.parameter && walk(node.parameter, segments, at + 1);
  if (byParameter) return byParameter;
  return node.rest && segments.slice(at).every((rest) => !rest.includes(";")) ? node.rest : null;
}

/** The resource that a blocked path is in other letters. */
function walkFolded(node: Node, segments: readonly string[], at: number): SnapshotResource | null {
  const segment = segments[at];
  if (segment === undefined) return node.resource ?? node.rest;
  const literals = node.literals.get(fold(segment))?.exact.values() ?? [];
  for (const next of [...literals, ...(node.parameter ? [node.parameter] : [])]) {
    const found = walkFolded(next, segments, at + 1);
    if (found) return found;
  }
  return node.rest;
}

function leadsSomewhere(nodes: Map<string, Node>, segments: readonly string[], at: number): boolean {
  for (const node of nodes.values()) if (walk(node, segments, at)) return true;
  return false;
}

const plain = /^[A-Za-z0-9._~!$&'()*+,;=:@/-]*$/;
const doubleEncoded = /%[0-9A-Fa-f]{2}/;
// Control characters, and the separators that some backend would split at.
const unsafe = /[\u0000-\u001f\u007f/\\]/;

/** The decoded segments of a path; null where it can be read in two ways. */
function readSegments(path: string, { isTemplate = false } = {}): string[] | null {
  const end = path.search(/[?#]/);
  let bare = end < 0 ? path : path.slice(0, end);
  if (bare === "" || bare === "/") return [];
  if (bare.charCodeAt(0) !== 0x2f) return null;
  if (bare.endsWith("/")) bare = bare.slice(0, -1);
  const segments = bare.slice(1).split("/");
  const isPlain = plain.test(bare);
  for (let at = 0; at < segments.length; at++) {
    const segment = segments[at] ?? "";
    const decoded = isPlain || (isTemplate && segment.startsWith("{")) ? segment : decode(segment);
    if (decoded === null || decoded === "" || decoded === "." || decoded === "..") return null;
    // "..;" is a dot segment to servers that drop matrix parameters.
    if (decoded.startsWith(".;") || decoded.startsWith("..;")) return null;
    segments[at] = decoded;
  }
  return segments;
}

function decode(segment: string): string | null {
  let decoded: string;
  try {
    decoded = decodeURIComponent(segment);
  } catch {
    // Malformed percent-encoding or invalid UTF-8: the path means nothing for certain.
    return null;
  }
  return unsafe.test(decoded) || doubleEncoded.test(decoded) ? null : decoded;
}
