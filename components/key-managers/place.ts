/** Where the pages of key managers stand, and who runs those that they show. */
export type KeyManagerPlace = {
  /** Address of the list; a key manager's own pages stand below it. */
  base: string;
  /** The page of those pages that tells who uses it. */
  usage: "usage" | "tenants";
  /** True among the installation's own: they are changed here and nowhere else. */
  runsGlobal: boolean;
};

export const tenantPlace: KeyManagerPlace = { base: "/admin/key-managers", usage: "usage", runsGlobal: false };
export const installationPlace: KeyManagerPlace = {
  base: "/operator/key-managers",
  usage: "tenants",
  runsGlobal: true,
};
