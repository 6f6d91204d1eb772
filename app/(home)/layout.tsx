export { PortalLayout as default } from "../_portal/portal-layout.tsx";
