/** A bare node:http server that says one thing; tells its parent the port. */
import { createServer } from "node:http";

const said = process.env["SAID"] ?? "ok";
const server = createServer((req, res) => {
  req.resume();
  req.on("end", () => res.end(said));
});
server.listen(0, "127.0.0.1", () => {
  const address = server.address();
  if (address !== null && typeof address !== "string") process.send?.(address.port);
});
process.once("disconnect", () => process.exit(0));
