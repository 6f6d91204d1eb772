/** A bare node:http server that says one thing, at a port that it tells its parent, or at a socket. */
import { createServer } from "node:http";

const said = process.env["SAID"] ?? "ok";
const server = createServer((req, res) => {
  req.resume();
  req.on("end", () => res.end(said));
});
const socket = process.env["SOCKET"];
server.listen(socket ? { path: socket } : { port: 0, host: "127.0.0.1" }, () => {
  const address = server.address();
  process.send?.(typeof address === "string" || address === null ? 0 : address.port);
});
process.once("disconnect", () => process.exit(0));
