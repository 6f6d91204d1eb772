import type { Env } from "#lib/foundation/env.ts";
import type { GrpcServer } from "#lib/gateway/grpc-server.ts";
import type { ValidationPlane } from "./validation-plane.ts";

type GrpcSettings = Pick<
  Env,
  "HOST" | "LATCHKEY_GRPC_PORT" | "LATCHKEY_GRPC_CERTIFICATE" | "LATCHKEY_GRPC_KEY" | "LATCHKEY_GRPC_CLIENT_CA"
>;

/**
 * Answers Envoy over gRPC as the settings say: over TLS where they name a certificate and its key.
 *
 * @returns null where no port is set
 * @throws {Error} where the port cannot be had, or naming the setting whose file is not usable
 */
export async function serveGrpcAsSet(
  plane: Pick<ValidationPlane, "serveGrpc">,
  env: GrpcSettings,
): Promise<GrpcServer | null> {
  if (env.LATCHKEY_GRPC_PORT === undefined) return null;
  const { LATCHKEY_GRPC_CERTIFICATE: certificate, LATCHKEY_GRPC_KEY: key, LATCHKEY_GRPC_CLIENT_CA: authority } = env;
  // One without the other was refused when the settings were read.
  const tls =
    certificate !== undefined && key !== undefined ? { certificate, key, clientAuthority: authority } : undefined;
  return plane.serveGrpc(`${env.HOST}:${env.LATCHKEY_GRPC_PORT}`, tls);
}
