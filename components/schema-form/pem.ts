/**
 * The PEM text of a certificate file. A text file is taken as it is; binary DER is wrapped (RFC 7468 §5).
 * Whether it really is a certificate is the server's to say.
 */
export function toPem(bytes: Uint8Array): string {
  // DER begins with a SEQUENCE, whose tag no text file begins with unless it is the digit 0.
  const isDer = bytes[0] === 0x30 && bytes.some((byte) => byte === 0 || byte > 0x7f);
  if (!isDer) return new TextDecoder().decode(bytes).trim();
  const base64 = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
  const lines = base64.match(/.{1,64}/g) ?? [];
  return ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----"].join("\n");
}
