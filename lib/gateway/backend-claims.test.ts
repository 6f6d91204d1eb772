import { describe, expect, it } from "vitest";
import { ownClaims } from "#lib/features/backend-jwt/contract.ts";
import type { Allowed } from "#lib/token-validation/verdict.ts";
import { allowedVerdict as verdict } from "#tooling/testing/validation.ts";
import { backendClaims } from "./backend-claims.ts";

const issuer = "https://latchkey.example/t/shop/gateway";
const tell = (told: Allowed, dialect: "LATCHKEY" | "WSO2" = "LATCHKEY", omittedClaims: string[] = []) =>
  backendClaims(told, { issuer, dialect, omittedClaims });

describe("what a backend is told", () => {
  it("is who calls what, under which plan, by short names", () => {
    expect(tell(verdict)).toEqual({
      iss: issuer,
      aud: "/orders/1.0.0",
      sub: "user-1",
      client_id: "shop-client",
      key_type: "PRODUCTION",
      scopes: ["orders:read", "a b"],
      application: { id: "app-1", name: "Läden & Co" },
      subscription: { id: "sub-1" },
      plan: { id: "plan-1", name: "Gold" },
      api: { id: "api-1", name: "Orders", context: "/orders", version: "1.0.0" },
      key_manager: { id: "km-1", name: "Shop identity" },
      department: ["North"],
    });
  });

  it("has WSO2's names where the tenant's backends know those", () => {
    expect(tell(verdict, "WSO2")).toEqual({
      iss: issuer,
      aud: "/orders/1.0.0",
      sub: "user-1",
      client_id: "shop-client",
      azp: "shop-client",
      // “a b” would read as two scopes there.
      scope: "orders:read",
      "http://wso2.org/claims/enduser": "user-1",
      "http://wso2.org/claims/usertype": "Application_User",
      "http://wso2.org/claims/keytype": "PRODUCTION",
      "http://wso2.org/claims/applicationid": "app-1",
      "http://wso2.org/claims/applicationUUId": "app-1",
      "http://wso2.org/claims/applicationname": "Läden & Co",
      "http://wso2.org/claims/tier": "Gold",
      "http://wso2.org/claims/apiname": "Orders",
      "http://wso2.org/claims/apicontext": "/orders/1.0.0",
      "http://wso2.org/claims/version": "1.0.0",
      department: ["North"],
    });
    expect(tell({ ...verdict, subject: "shop-client" }, "WSO2")["http://wso2.org/claims/usertype"]).toBe("APPLICATION");
  });

  it("says nothing of what the call does not have", () => {
    const bare = { consumerKey: null, keyType: null, application: null, subscription: null, plan: null, subject: null };
    const told = Object.keys(tell({ ...verdict, ...bare, claims: {} })).sort();
    expect(told).toEqual(["api", "aud", "iss", "key_manager", "scopes"]);
  });

  it.each(["LATCHKEY", "WSO2"] as const)("leaves out what the tenant wants left out (%s)", (dialect) => {
    expect(tell(verdict, dialect, [...ownClaims, "department"])).toEqual({ iss: issuer, aud: "/orders/1.0.0" });
  });

  it.each(["LATCHKEY", "WSO2"] as const)(
    "takes no word of a token for its own, whatever is left out (%s)",
    (dialect) => {
      const names = Object.keys(tell(verdict, dialect)).filter((name) => name !== "department");
      const forged = Object.fromEntries([...names, "exp", "iat", "act", "cnf"].map((name) => [name, "forged"]));
      const claims = { ...forged, ["__proto__x"]: "fine" };
      for (const omitted of [[], [...ownClaims]]) {
        const told = tell({ ...verdict, claims, application: null }, dialect, omitted);
        expect(Object.values(told)).not.toContain("forged");
        expect(told["__proto__x"]).toBe("fine");
      }
    },
  );
});
