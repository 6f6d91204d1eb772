/**
 * A backend such as an API has: Express, which waits as if for a database, and answers with a small document. Tells its
 * parent the port.
 */
import { setTimeout as pause } from "node:timers/promises";
import express from "express";

const waitMs = 5;
const lines = Array.from({ length: 10 }, (_, index) => ({
  sku: `sku-${index}`,
  name: `Item ${index}`,
  amount: index + 1,
}));
const app = express();
app.get("/orders/1.0.0/items/:id", async (req, res) => {
  await pause(waitMs);
  res.json({ id: req.params.id, state: "shipped", lines });
});
const server = app.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") process.send?.(address.port);
});
process.once("disconnect", () => process.exit(0));
