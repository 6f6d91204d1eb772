"use client";

import { usePathname, useSearchParams } from "next/navigation";
import type { ReactNode } from "react";
import { CodeBlock } from "#components/ui/code-block.tsx";
import { Tabs, TabsContent, TabsList, TabsTrigger } from "#components/ui/tabs.tsx";
import { gatewayKinds, type GatewayConfigurations } from "#lib/features/gateway-credentials/contract.ts";

const gateways: Record<keyof GatewayConfigurations, { label: string; advice: ReactNode }> = {
  nginx: {
    label: "nginx",
    advice:
      "Fill in what the first lines name, and save it as a file of its own in the http block, such as /etc/nginx/conf.d/latchkey.conf.",
  },
  envoy: {
    label: "Envoy",
    advice:
      "Fill in what the first lines name. One of the two is enough: http.yaml asks at the address of this portal, grpc.yaml at the port that the setting LATCHKEY_GRPC_PORT opens.",
  },
  traefik: {
    label: "Traefik",
    advice:
      "Fill in what the first lines name. traefik.yml is Traefik itself, latchkey.yml its routes: keep both in the folder that Traefik is started in.",
  },
  caddy: {
    label: "Caddy",
    advice: "Nothing to fill in: Caddy takes what the first lines name from its environment.",
  },
  node: {
    label: "Node",
    advice:
      "No gateway at all: a middleware for Express, Connect and node:http. npm pack builds it in the folder packages/node-middleware of this installation.",
  },
};

/**
 * What each kind of gateway is configured with, ready to be copied. The chosen kind lives in the address, so that it can
 * be shared; every kind is here already, so the server is not asked for it.
 */
export function Configurations({ configurations }: { configurations: GatewayConfigurations }) {
  const pathname = usePathname();
  const search = useSearchParams();
  const chosen = gatewayKinds.find((kind) => kind === search.get("gateway")) ?? gatewayKinds[0];

  function choose(kind: string) {
    const target = new URLSearchParams(search);
    target.set("gateway", kind);
    window.history.replaceState(null, "", `${pathname}?${target}`);
  }

  return (
    <Tabs value={chosen} onValueChange={choose}>
      <TabsList aria-label="Kind of gateway">
        {gatewayKinds.map((kind) => (
          <TabsTrigger key={kind} value={kind}>
            {gateways[kind].label}
          </TabsTrigger>
        ))}
      </TabsList>
      {gatewayKinds.map((kind) => (
        <TabsContent key={kind} value={kind} className="flex flex-col gap-3">
          <p className="text-muted max-w-[68ch]">{gateways[kind].advice}</p>
          {configurations[kind].map(({ name, text }) => (
            <CodeBlock key={name} label={name} code={text} />
          ))}
        </TabsContent>
      ))}
    </Tabs>
  );
}
