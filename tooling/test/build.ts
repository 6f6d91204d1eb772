/** The build stage: the same build that a start makes, so that the stages after it need none. */
import { buildPages } from "../bootstrap/checkout.mjs";
import { explain } from "../bootstrap/words.mjs";

try {
  await buildPages();
} catch (error) {
  process.exitCode = explain(error);
}
