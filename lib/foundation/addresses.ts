/** Which network addresses the process may talk to. */
import ipaddr from "ipaddr.js";

/**
 * - `public`: on the internet
 * - `private`: inside somebody's network; only where the operator allows host and port
 * - `never`: cloud metadata services, link-local, multicast and the like; no allow-list opens them
 */
export type AddressClass = "public" | "private" | "never";

type Range = [address: ipaddr.IPv4 | ipaddr.IPv6, bits: number];

const never: Range[] = [
  "0.0.0.0/8",
  // Link-local, where most clouds keep their metadata service.
  "169.254.0.0/16",
  "fe80::/10",
  // Metadata and host services outside of it: Azure, Alibaba, Oracle, Amazon over IPv6, Google over IPv6.
  "168.63.129.16/32",
  "100.100.100.200/32",
  "192.0.0.192/32",
  "fd00:ec2::/32",
  "fd20:ce::254/128",
  // Multicast, broadcast, reserved.
  "224.0.0.0/3",
  "ff00::/8",
  "::/128",
].map((text) => ipaddr.parseCIDR(text));

/** Global unicast (RFC 4291 §2.4); everything else in IPv6 has a special meaning. */
const globalUnicast = ipaddr.IPv6.parseCIDR("2000::/3");

/** IPv6 forms that carry an IPv4 address, and where it stands (byte offset). */
const carriers: { range: [ipaddr.IPv6, number]; offset: number; inverted?: boolean; dialled: boolean }[] = [
  // IPv4-mapped (RFC 4291 §2.5.5.2) and NAT64 (RFC 6052): the packet really goes to the IPv4 address.
  { range: ipaddr.IPv6.parseCIDR("::ffff:0:0/96"), offset: 12, dialled: true },
  { range: ipaddr.IPv6.parseCIDR("64:ff9b::/96"), offset: 12, dialled: true },
  // Local NAT64 (RFC 8215), IPv4-compatible, IPv4-translated, 6to4, Teredo: never needed, often abused.
  { range: ipaddr.IPv6.parseCIDR("64:ff9b:1::/48"), offset: 12, dialled: false },
  { range: ipaddr.IPv6.parseCIDR("::/96"), offset: 12, dialled: false },
  { range: ipaddr.IPv6.parseCIDR("::ffff:0:0:0/96"), offset: 12, dialled: false },
  { range: ipaddr.IPv6.parseCIDR("2002::/16"), offset: 2, dialled: false },
  { range: ipaddr.IPv6.parseCIDR("2001::/32"), offset: 12, inverted: true, dialled: false },
];

function within(address: ipaddr.IPv4 | ipaddr.IPv6, [range, bits]: Range): boolean {
  if (address instanceof ipaddr.IPv4) return range instanceof ipaddr.IPv4 && address.match(range, bits);
  return range instanceof ipaddr.IPv6 && address.match(range, bits);
}

function carried(address: ipaddr.IPv6): { inner: ipaddr.IPv4; dialled: boolean } | null {
  const carrier = carriers.find(({ range }) => within(address, range));
  if (!carrier) return null;
  const bytes = address.toByteArray().slice(carrier.offset, carrier.offset + 4);
  const inner = new ipaddr.IPv4(carrier.inverted ? bytes.map((byte) => byte ^ 0xff) : bytes);
  return { inner, dialled: carrier.dialled };
}

/** Classifies a numeric address; what cannot be read counts as `never`. */
export function classifyAddress(text: string): AddressClass {
  if (!ipaddr.isValid(text)) return "never";
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv4) return classifyV4(address);
  const inside = carried(address);
  // The loopback address ::1 lies in the IPv4-compatible range without carrying one.
  if (address.range() === "loopback") return "private";
  if (inside) {
    const inner = classifyV4(inside.inner);
    if (inner === "never") return "never";
    return inside.dialled ? inner : "private";
  }
  if (never.some((range) => within(address, range))) return "never";
  return within(address, globalUnicast) && address.range() === "unicast" ? "public" : "private";
}

function classifyV4(address: ipaddr.IPv4): AddressClass {
  if (never.some((range) => within(address, range))) return "never";
  return address.range() === "unicast" ? "public" : "private";
}

/** Whether two numeric addresses mean the same host, whatever form they are written in. */
export function isSameAddress(one: string, other: string): boolean {
  if (!ipaddr.isValid(one) || !ipaddr.isValid(other)) return false;
  return ipaddr.process(one).toNormalizedString() === ipaddr.process(other).toNormalizedString();
}
