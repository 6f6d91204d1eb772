/** What the demo consists of. Names and addresses are made up; `.example` belongs to nobody (RFC 2606 §2). */
import type { ApiInput } from "#lib/features/apis/contract.ts";
import type { Role } from "#lib/features/permissions.ts";

/** Which key managers: the one that each tenant has by itself, or the one that runs beside the portal. */
export type KeyManagerChoice = "own" | "external";

export type World = {
  slug: string;
  name: string;
  people: { name: string; email: string; roles: [Role, ...Role[]] }[];
  /** How this tenant calls the key manager that runs beside the portal; left out where it does not use it. */
  external?: { name: string; displayName: string; description: string };
  apis: (Omit<ApiInput, "planIds" | "acceptAllKeyManagers" | "keyManagerIds"> & { accepts?: KeyManagerChoice[] })[];
  applications: {
    name: string;
    description: string;
    subscribesTo: string[];
    /** Where it holds production keys. */
    keysAt: KeyManagerChoice[];
  }[];
};

/** The plan under which applications of the demo subscribe; every tenant has it from its first day. */
export const planName = "Gold";

/** The call that the demo asks the validator about. */
export const sampleCall = {
  tenant: "harbour-foods",
  application: "Shop website",
  keysAt: "external",
  scopes: ["orders:read"],
  method: "GET",
  requestPath: "/shop/1.0.0/orders/42",
} as const;

const harbourFoods: World = {
  slug: "harbour-foods",
  name: "Harbour Foods",
  people: [
    { name: "Ada Brandt", email: "ada.brandt@harbour-foods.example", roles: ["ADMINISTRATOR"] },
    { name: "Chidi Okafor", email: "chidi.okafor@harbour-foods.example", roles: ["CREATOR"] },
    { name: "Mei Tanaka", email: "mei.tanaka@harbour-foods.example", roles: ["DEVELOPER"] },
  ],
  external: {
    name: "partner-login",
    displayName: "Partner login",
    description: "The authorization server that our partners had before us.",
  },
  apis: [
    {
      name: "Orders",
      version: "1.0.0",
      context: "/shop",
      description: "Place orders, follow them and cancel them until they leave the warehouse.",
      accepts: ["own", "external"],
      scopes: [
        { name: "orders:read", description: "See orders" },
        { name: "orders:write", description: "Place and cancel orders" },
      ],
      resources: [
        { verb: "GET", path: "/orders", scopes: ["orders:read"] },
        { verb: "POST", path: "/orders", scopes: ["orders:write"] },
        { verb: "GET", path: "/orders/{id}", scopes: ["orders:read"] },
        { verb: "DELETE", path: "/orders/{id}", scopes: ["orders:write"] },
      ],
    },
    {
      name: "Catalogue",
      version: "2.1.0",
      context: "/catalogue",
      description: "Products, their prices and what is in stock.",
      scopes: [{ name: "catalogue:prices", description: "See purchase prices" }],
      resources: [
        { verb: "GET", path: "/products", scopes: [] },
        { verb: "GET", path: "/products/{id}", scopes: [] },
        { verb: "GET", path: "/products/{id}/prices", scopes: ["catalogue:prices"] },
      ],
    },
  ],
  applications: [
    {
      name: "Shop website",
      description: "What customers see.",
      subscribesTo: ["Orders", "Catalogue"],
      keysAt: ["own", "external"],
    },
    { name: "Warehouse scanner", description: "Hand-held devices in hall 3.", subscribesTo: ["Orders"], keysAt: [] },
  ],
};

const northwindRail: World = {
  slug: "northwind-rail",
  name: "Northwind Rail",
  people: [
    { name: "Jonas Lind", email: "jonas.lind@northwind-rail.example", roles: ["ADMINISTRATOR", "CREATOR"] },
    { name: "Priya Nair", email: "priya.nair@northwind-rail.example", roles: ["DEVELOPER"] },
  ],
  apis: [
    {
      name: "Departures",
      version: "1.0.0",
      context: "/departures",
      description: "Trains that leave within the next two hours, with delays and platforms.",
      resources: [
        { verb: "GET", path: "/stations", scopes: [] },
        { verb: "GET", path: "/stations/{code}/departures", scopes: [] },
      ],
    },
  ],
  applications: [{ name: "Platform displays", description: "", subscribesTo: ["Departures"], keysAt: ["own"] }],
};

export const worlds: readonly World[] = [harbourFoods, northwindRail];
