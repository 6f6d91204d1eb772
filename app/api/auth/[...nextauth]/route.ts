import { handleAuth } from "#lib/web/auth.ts";

export { handleAuth as GET, handleAuth as POST };
