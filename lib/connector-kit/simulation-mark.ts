/** A member of discovery documents that unknown readers ignore (OpenID Connect Discovery §3): it says “simulator”. */
export const simulatorMark = { latchkey_simulator: true } as const;
