/** The add-on keymanager-operations, for what the server's own registration API cannot do. */
import { z } from "zod";
import type { AdministrationRequest } from "#lib/connector-kit/administration.ts";
import { ConnectorError } from "#lib/connector-kit/errors.ts";
import type { Answer } from "#lib/protocol/exchange.ts";
import { paths, type Server } from "./server.ts";

const refusal = z.object({ code: z.string().nullish(), message: z.string() });

/** The add-on reads ids in its addresses as base64url (DcrApiServiceImpl). */
export const inAddress = (id: string) => Buffer.from(id, "utf8").toString("base64url");

/** A request about one client; `at` is what follows the client in the address. */
export type AddOnRequest = Omit<AdministrationRequest, "path"> & { at: string };

export type AddOn = {
  /**
   * Sends a request about a client, whatever the add-on answers.
   *
   * @returns the answer, and the request as it was sent
   * @throws {ConnectorError} `unsupported` where the server lacks the add-on
   */
  ask(consumerKey: string, request: AddOnRequest): Promise<{ answer: Answer; asked: AdministrationRequest }>;
  /** Whether the add-on is there. @throws {ConnectorError} where the server cannot be asked */
  isAvailable(): Promise<boolean>;
};

/** Opens the add-on of a server. Nothing is sent yet. */
export function openAddOn({ administration }: Server): AddOn {
  async function send(consumerKey: string, { at, ...rest }: AddOnRequest) {
    const asked = { ...rest, path: `${paths.addOn}/${inAddress(consumerKey)}${at}` };
    return { answer: await administration.send(asked), asked };
  }

  return {
    async ask(consumerKey, request) {
      const sent = await send(consumerKey, request);
      if (!isMissing(sent.answer)) return sent;
      throw new ConnectorError(
        "unsupported",
        "This server lacks the add-on keymanager-operations, without which it can neither make new secrets nor change owners. The guide says where to get it.",
        { status: sent.answer.status },
      );
    },
    async isAvailable() {
      const { answer } = await send("latchkey-nobody", { method: "GET", at: "", doing: "Looking for the add-on" });
      return !isMissing(answer);
    },
  };
}

/** An address that nobody serves: the add-on itself would say what is wrong, or answer 401 for an unknown client. */
function isMissing({ status, json }: Answer): boolean {
  return [404, 405, 501].includes(status) && !refusal.safeParse(json).success;
}

/** The code with which the add-on refused a request as wrong, if it did. */
export function refusalCodeOf(answer: Answer): string | undefined {
  const code = answer.status === 400 ? refusal.safeParse(answer.json).data?.code : undefined;
  return code ?? undefined;
}
