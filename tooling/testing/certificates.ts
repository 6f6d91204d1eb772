/** X.509 certificates for servers in tests (RFC 5280), made on the spot: no file to expire, no program to be installed. */
import { generateKeyPairSync, randomBytes, sign, X509Certificate, type KeyObject } from "node:crypto";
import { isIP } from "node:net";

export type TestCertificate = { certificate: string; privateKey: string };

export type TestAuthority = {
  /** In PEM form, as trust stores have it. */
  certificate: string;
  /** A server certificate that this authority signed. */
  issue(changes: { name: string; notBefore?: Date; notAfter?: Date }): TestCertificate;
};

const day = 86_400_000;
const inDays = (days: number) => new Date(Date.now() + days * day);

/** A certificate authority that nobody trusts by itself. */
export function testAuthority(name = "Latchkey test authority"): TestAuthority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const signer = { name, privateKey };
  const validity = { notBefore: inDays(-30), notAfter: inDays(30) };
  return {
    certificate: certificate({ subject: name, publicKey, signer, ...validity, extensions: [basicConstraints] }),
    issue({ name: subject, ...changes }) {
      const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
      const extensions = [subjectAltName(subject)];
      return {
        certificate: certificate({ subject, publicKey: pair.publicKey, signer, ...validity, ...changes, extensions }),
        privateKey: pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
      };
    },
  };
}

/** A server certificate that signed itself; with an RSA key where a vendor knows no other. */
export function selfSigned(name: string, { isRsa = false } = {}): TestCertificate {
  const { publicKey, privateKey } = isRsa
    ? generateKeyPairSync("rsa", { modulusLength: 2048 })
    : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const validity = { notBefore: inDays(-1), notAfter: inDays(1) };
  const signer = { name, privateKey };
  return {
    certificate: certificate({ subject: name, publicKey, signer, ...validity, extensions: [subjectAltName(name)] }),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

// --- DER (ITU-T X.690): tag, length, content ---

function der(tag: number, ...contents: Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

const sequence = (...items: Buffer[]) => der(0x30, ...items);
const objectId = (hex: string) => der(0x06, Buffer.from(hex, "hex"));
const octets = (content: Buffer) => der(0x04, content);
const truth = der(0x01, Buffer.from([255]));

const commonName = "550403";
const ecdsaWithSha256 = sequence(objectId("2a8648ce3d040302"));
const rsaWithSha256 = sequence(objectId("2a864886f70d01010b"), der(0x05));

const basicConstraints = sequence(objectId("551d13"), truth, octets(sequence(truth)));

function subjectAltName(name: string): Buffer {
  const entry = isIP(name) ? der(0x87, Buffer.from(name.split(".").map(Number))) : der(0x82, Buffer.from(name));
  return sequence(objectId("551d11"), octets(sequence(entry)));
}

function distinguishedName(name: string): Buffer {
  return sequence(der(0x31, sequence(objectId(commonName), der(0x0c, Buffer.from(name)))));
}

/** GeneralizedTime to the second. */
function time(date: Date): Buffer {
  return der(0x18, Buffer.from(`${date.toISOString().replaceAll(/\D/g, "").slice(0, 14)}Z`));
}

type Content = {
  subject: string;
  publicKey: KeyObject;
  signer: { name: string; privateKey: KeyObject };
  notBefore: Date;
  notAfter: Date;
  extensions: Buffer[];
};

/** RFC 5280 §4.1. */
function certificate({ subject, publicKey, signer, notBefore, notAfter, extensions }: Content): string {
  const algorithm = signer.privateKey.asymmetricKeyType === "rsa" ? rsaWithSha256 : ecdsaWithSha256;
  const serial = Buffer.concat([Buffer.from([1]), randomBytes(15)]);
  const content = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    algorithm,
    distinguishedName(signer.name),
    sequence(time(notBefore), time(notAfter)),
    distinguishedName(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = der(0x03, Buffer.from([0]), sign("sha256", content, signer.privateKey));
  return new X509Certificate(sequence(content, algorithm, signature)).toString();
}
